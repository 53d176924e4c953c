#: says = "Each visit of a match's page adds an observer to the match, and none is ever removed."
#: kind = "leak"
#: causes = ["listener"]
#: holder = ["Match", "@observers"]
#: per_s = 240
# Live scores: pages follow a match for as long as somebody looks at them.
require_relative 'serving'

class Match
  attr_reader :home, :away, :goals

  def initialize(home, away)
    @home = home
    @away = away
    @goals = [0, 0]
    @observers = []
    @lock = Mutex.new
  end

  def follow(&observer)
    @lock.synchronize { @observers << observer }
    observer
  end

  def unfollow(observer)
    @lock.synchronize { @observers.delete(observer) }
  end

  def goal(side)
    @goals[side] += 1
    @lock.synchronize { @observers.last(3) }.each { |observer| observer.call(self) }
  end
end

class Page
  def initialize(match, visitor)
    @match = match
    @visitor = visitor
    @parts = Array.new(70) { |part| "<section id='part-#{part}'>#{match.home} against #{match.away}, for #{visitor}: part #{part}</section>" }
  end

  def open
    @updated = @match.follow { |match| @parts[0] = "#{match.goals.join(':')} for #{@visitor}" }
    self
  end

  def close
    @match.unfollow(@updated)
  end

  def text = "#{@parts.size} parts, #{@match.goals.join(':')}"
end

# How often each part of the day saw visits; twenty-four numbers.
class Visits
  def initialize
    @by_hour = Array.new(24, 0)
  end

  def count(number) = @by_hour[number / 3600 % 24] += 1
end

matches = %w[Aarhus Bergen Cork Delft].zip(%w[Eupen Faro Genk Hull]).map { |home, away| Match.new(home, away) }
visits = Visits.new

serve do |number, _path|
  visits.count(number)
  match = matches[number % matches.size]
  page = Page.new(match, "visitor-#{number}").open
  match.goal(number % 2) if (number % 97).zero?
  text = page.text
  page.close #~ fixed
  text
end

#: says = "Tickets are held for eight seconds and then let go; a hash of them is always full, of others."
#: kind = "healthy"
#: per_s = 250
#: warm = 5000
# Seats are held for a visitor while the payment runs, and given back where it does not come.
require_relative 'serving'

Hold = Struct.new(:seat, :ends, :form)

class Holds
  HELD_S = 8.0

  def initialize
    @by_token = {}
    @lock = Mutex.new
  end

  def take(token, seat)
    now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    @lock.synchronize do
      @by_token.shift while @by_token.any? && @by_token.first.last.ends < now
      @by_token[token] = Hold.new(seat, now + HELD_S, form(token, seat))
      @by_token.size
    end
  end

  private

  def form(token, seat)
    Array.new(50) { |field| "<label>field #{field} of the form for seat #{seat}, which #{token} is paying for</label>" }
  end
end

# The plan of the hall, drawn once.
class Hall
  ROWS = ('A'..'Z').to_a.freeze

  def seat(number) = "#{ROWS[number % ROWS.size]}#{number / ROWS.size % 40 + 1}"
end

hall = Hall.new
holds = Holds.new

serve do |number, _path|
  held = holds.take("token-#{number}", hall.seat(number))
  "#{held} seats are held"
end

# A service of quotes. It works by itself, `RATE` requests a second (the first argument; 0: none), and ends with its
# standard input. "ready pid=N" is its first word.
require_relative 'quotes'

$stdout.sync = true
desk = Shop::Desk.new
rate = Integer(ARGV.fetch(0, '300'))
puts "ready pid=#{Process.pid}"
Thread.new do
  $stdin.read
  exit!
end
number = 0
loop do
  desk.quote(number += 1) if rate.positive?
  sleep(1.0 / [rate, 1].max)
end

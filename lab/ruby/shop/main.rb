# A shop that leaks in five places. Each line on standard input is "serve N", "dump FILE" or "trace"; it answers
# "served N", "dumped FILE" or "tracing".
require 'json'
require 'objspace'
require_relative 'sessions'
require_relative 'hub'
require_relative 'metrics'

SHOP = Shop::SessionStore.new

def serve(number)
  SHOP.put("session-#{number}", number)
  Shop::Hub.subscribe(number)
  Shop::Metrics.seen("GET /item/#{number}")
  Shop::Worker.instance.remember("customer-#{number}")
end

served = 0
$stdout.sync = true
puts 'ready'
while (line = $stdin.gets)
  verb, word = line.split
  case verb
  when 'trace'
    ObjectSpace.trace_object_allocations_start
    puts 'tracing'
  when 'serve'
    word.to_i.times { serve(served); served += 1 }
    puts "served #{served}"
  when 'dump'
    GC.start
    File.open(word, 'w') { |file| ObjectSpace.dump_all(output: file) }
    puts "dumped #{word}"
  end
end

#: says = "LRU cache of priced map tiles in a constant hash: nearly every request has a new key, but the oldest entries go beyond 11000, which is reached after some 45 s; level from then on"
#: kind = "healthy"
#: per_s = 240
#: limit_mib = 512
require 'socket'

Offer = Struct.new(:shop, :name, :cents)

module TileCache
  LIMIT = 11_000
  TILES = {}
  LOCK = Mutex.new

  def self.fetch(key)
    hit = LOCK.synchronize do
      entry = TILES.delete(key)
      TILES[key] = entry if entry
    end
    return hit if hit

    entry = yield
    LOCK.synchronize do
      TILES[key] = entry
      TILES.shift while TILES.size > LIMIT
    end
    entry
  end
end

class PriceMap
  FUELS = %w[diesel e5 e10 lpg].freeze

  def summary(number)
    key = "#{number / 512}:#{number % 512}@z14"
    offers = TileCache.fetch(key) { build(number) }
    cheapest = offers.group_by(&:name).map { |name, list| "#{name}=#{list.map(&:cents).min}" }
    "#{key} #{cheapest.join(' ')}\n"
  end

  private

  def build(number)
    (0...32).map do |i|
      cents = 150 + (number * 29 + i * 43) % 60
      Offer.new("station #{number}/#{i} at street #{(number + i) % 2000}", FUELS[i % FUELS.size], cents)
    end
  end
end

class Front
  def initialize(prices)
    @prices = prices
    @server = TCPServer.new('127.0.0.1', 0)
  end

  def port
    @server.addr[1]
  end

  def start
    Thread.new do
      while (socket = @server.accept)
        Thread.new(socket) { |s| talk(s) }
      end
    end
  end

  private

  def talk(socket)
    socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    while (first = socket.gets("\r\n"))
      headers = {}
      while (line = socket.gets("\r\n")) && line != "\r\n"
        name, value = line.chomp.split(': ', 2)
        headers[name.downcase] = value
      end
      body = @prices.summary(Integer(first.split[1][1..], 10))
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: #{body.bytesize}\r\n\r\n", body)
      break if headers['connection'] == 'close'
    end
  rescue SystemCallError, IOError
    nil
  ensure
    socket.close
  end
end

front = Front.new(PriceMap.new)
front.start
puts "ready pid=#{Process.pid} port=#{front.port}"
$stdout.flush
$stdin.read

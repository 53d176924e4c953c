#: says = "Audit events go to a queue for one shipper thread; its rescue is outside the loop, so the first event without an actor ends the thread and nobody consumes the queue from then on"
#: kind = "leak"
#: causes = ["queue-backlog"]
#: holder = ["Shipper", "@pending"]
#: per_s = 240
#: limit_mib = 512
require 'socket'
require 'json'
require 'digest'

class Shipper
  def initialize(sink)
    @pending = Queue.new
    @sink = sink
    @failures = 0
    Thread.new { ship }
  end

  def <<(event)
    @pending << event
  end

  private

  def ship
    loop do
      event = @pending.pop
      deliver(event)
    rescue NoMethodError, JSON::GeneratorError #~ fixed
      @failures += 1 #~ fixed
    end
  rescue NoMethodError, JSON::GeneratorError
    @failures += 1
  end

  def deliver(event)
    actor = event[:actor].fetch(:login)
    line = JSON.generate(event.merge(actor: actor, digest: Digest::MD5.hexdigest(actor)))
    @sink.write(line)
    @sink.write("\n")
  end
end

class DocumentService
  ACTIONS = %w[open rename comment share archive].freeze

  def initialize(audit)
    @audit = audit
  end

  def call(number)
    action = ACTIONS[number % ACTIONS.size]
    changes = (0...18).map do |i|
      { field: "section_#{i}", before: "rev #{number - 1} text #{(number * 13 + i) % 977}", after: "rev #{number} text #{(number * 17 + i) % 977}" }
    end
    @audit << { id: number, action: action, actor: actor_for(number), at: Time.now.to_f, changes: changes }
    touched = changes.count { |c| c[:after].hash % 3 != 0 }
    "document #{number} #{action} touched #{touched}\n"
  end

  private

  # Scheduled jobs act without a user.
  def actor_for(number)
    return nil if (number % 50).zero?

    { login: "user#{number % 400}", role: number.even? ? 'editor' : 'viewer' }
  end
end

def serve(client, service)
  client.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  while (request = client.gets("\r\n\r\n"))
    body = service.call(request[%r{\AGET /(\d+)}, 1].to_i)
    client.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
  end
rescue SystemCallError, IOError
  nil
ensure
  client.close
end

sink = File.open(File::NULL, 'w')
service = DocumentService.new(Shipper.new(sink))
listener = TCPServer.new('127.0.0.1', 0)
Thread.new do
  loop do
    Thread.start(listener.accept) { |client| serve(client, service) }
  end
end

puts "ready pid=#{Process.pid} port=#{listener.addr[1]}"
$stdout.flush
$stdin.read

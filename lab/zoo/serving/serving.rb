# An HTTP/1.1 server for GETs: one thread for each connection.
require 'socket'

# Until standard input closes. The block gives the text of each answer, for the request's number and path.
def serve
  counting = Mutex.new
  count = -1
  server = TCPServer.new('127.0.0.1', 0)
  server.listen(128)
  Thread.new do
    loop do
      Thread.new(server.accept) do |connection|
        connection.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
        while (first = connection.gets)
          while (line = connection.gets) && line != "\r\n"; end
          body = yield counting.synchronize { count += 1 }, first.split[1]
          connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
        end
      rescue SystemCallError
        nil
      ensure
        connection.close
      end
    end
  end
  $stdout.sync = true
  puts "ready pid=#{Process.pid} port=#{server.addr[1]}"
  $stdin.read
  exit!
end

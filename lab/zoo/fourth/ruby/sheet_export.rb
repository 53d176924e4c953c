#: says = "The finalizer proc of every scratch sheet is made in the method that has the sheet as its parameter: its binding keeps the sheet, so the finalizer table keeps all sheets"
#: kind = "leak"
#: causes = ["closure", "listener"]
#: holder = ["ScratchDesk", "sheet"]
#: per_s = 220
#: limit_mib = 512
require 'socket'

Cell = Struct.new(:row, :column, :text)

class Sheet
  attr_reader :slot, :cells

  def initialize(slot)
    @slot = slot
    @cells = []
  end

  def fill(number)
    30.times do |i|
      value = (number * 37 + i * 101) % 9973
      @cells << Cell.new(i / 5, i % 5, "order #{number} article #{value} stock #{value % 61}")
    end
    self
  end

  def to_csv
    @cells.group_by(&:row).map { |_, cells| cells.map(&:text).join(';') }.join("\n")
  end
end

# Hands out numbered scratch slots; a slot is free again once its sheet is gone.
class ScratchDesk
  def initialize
    @free = Queue.new
    @last = 0
    @lock = Mutex.new
  end

  def open
    slot = @free.empty? ? next_slot : @free.pop
    track(Sheet.new(slot))
  end

  private

  def next_slot
    @lock.synchronize { @last += 1 }
  end

  def track(sheet)
    slot = sheet.slot
    ObjectSpace.define_finalizer(sheet, proc { @free << slot }) #~ leak
    ObjectSpace.define_finalizer(sheet, reclaim(slot)) #~ fixed
    sheet
  end

  def reclaim(slot) #~ fixed
    proc { @free << slot } #~ fixed
  end #~ fixed
end

class ExportServer
  def initialize
    @desk = ScratchDesk.new
    @listener = TCPServer.new('127.0.0.1', 0)
  end

  def run
    Thread.new do
      loop do
        client = @listener.accept
        Thread.new { serve(client) }
      end
    end
    puts "ready pid=#{Process.pid} port=#{@listener.addr[1]}"
    $stdout.flush
    $stdin.read
  end

  private

  def serve(client)
    client.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    while (line = client.gets)
      number = line.split[1].delete_prefix('/').to_i
      nil until client.gets.to_s.strip.empty?
      body = export(number)
      client.write("HTTP/1.1 200 OK\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
    end
  rescue SystemCallError, IOError
    nil
  ensure
    client.close
  end

  def export(number)
    csv = @desk.open.fill(number).to_csv
    "export #{number} #{csv.lines.size} lines #{csv.sum} checksum\n"
  end
end

ExportServer.new.run

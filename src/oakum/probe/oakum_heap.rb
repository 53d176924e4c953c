# Lets Oakum ask this process for its heap; load it once, as early as can be. Only root and the process's own user are
# answered, over a socket that is in no folder and goes with the process. A copy of the process (fork) writes the dump
# and ends: the program stands still while the kernel makes the copy, and no longer. With OAKUM_HEAP_LINES=1 in its
# environment, the file and line of each allocation are recorded; that costs time and memory (docs/ruby.md).
# What it requires are no gems: none is activated before the service chooses its own.
require 'objspace'
require 'socket'

module OakumHeap
  VERSION = 1
  WITHIN_S = 600 # a copy that has not ended by then is killed
  ASKED_WITHIN_S = 5 # who connects and has not asked by then asks nothing
  DUMP = "dump\n"
  ENDS, PASSES = %w[TERM INT HUP QUIT USR1 USR2 ALRM], %w[TTIN TTOU WINCH] # signals, to a copy
  RAW = Process.respond_to?(:_fork) ? [Process.method(:_fork)] : [] # and without what others hook into it, for a copy
  RAW << RAW.last.super_method while RAW.last&.super_method
  LEAST = 100 # variables are named that hold a collection of so many items
  MOST_NAMES = 20_000
  MOST_OWNERS = 1000 # of each class
  PLAIN = [String, Symbol, Numeric, Regexp, Module, NilClass, TrueClass, FalseClass, Proc, IO, Encoding].freeze
  WORDS, NAMES, VALUE = %i[to_s instance_variables instance_variable_get].map { |name| Kernel.instance_method(name) }
  CONSTANTS, CONSTANT, LATER, VARIABLES, VARIABLE, PLACE, CALLED =
    %i[constants const_get autoload? class_variables class_variable_get const_source_location name].map do |name|
      Module.instance_method(name)
    end

  class << self
    def listen
      return if @pid == Process.pid

      @pid = Process.pid
      @server&.close
      @server = UNIXServer.new("\0oakum-heap-#{@pid}-#{File.stat('/proc/self/ns/pid').ino}")
      Thread.new(@server) do |server|
        Thread.current.name = 'oakum-heap'
        Thread.current.report_on_exception = false
        until server.closed?
          begin
            answer(server.accept)
          rescue StandardError
            sleep 1 # no descriptor is left, for now
          end
        end
      end
    rescue SystemCallError => e
      warn "oakum_heap: #{e.message}"
    end

    private

    def answer(client)
      return unless [0, Process.euid].include?(client.getpeereid.first)

      told = GC.stat.slice(:count, :major_gc_count, :heap_live_slots, :total_allocated_objects, :malloc_increase_bytes)
      say(client, VERSION, ruby: RUBY_VERSION, lines: !ObjectSpace.allocation_sourcefile(Object.new).nil?, gc: told)
      copied(client) if asked(client) == DUMP
    rescue StandardError
      nil # who asked has gone
    ensure
      hang_up(client)
    end

    def asked(client)
      word, until_s = +'', now + ASKED_WITHIN_S
      while word.size < DUMP.size
        left_s = until_s - now
        return unless left_s.positive? && IO.select([client], nil, nil, left_s)

        word << client.read_nonblock(DUMP.size - word.size)
      end
      word
    end

    # Also where a process that was forked meanwhile has the connection open.
    def hang_up(client)
      client.shutdown
    rescue StandardError
      nil # who asked has gone
    ensure
      client.close
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def say(client, what, **rest)
      client.puts(json({ oakum_heap: what, **rest }))
    end

    def json(told)
      case told
      when Hash then "{#{told.map { |key, value| "#{json(key)}:#{json(value)}" }.join(',')}}"
      when Array then "[#{told.map { |each| json(each) }.join(',')}]"
      when String, Symbol
        text = told.to_s.encode('UTF-8', invalid: :replace, undef: :replace).scrub
        "\"#{text.gsub(/["\\\x00-\x1f]/) { |one| format('\\u%04x', one.ord) }}\""
      else told.to_s
      end
    end

    def copied(client)
      # In a copy no other thread lives: what their stacks and variables hold is told beside the dump.
      threads = Thread.list.map { |one| [one, ObjectSpace.reachable_objects_from(one), variables(one)] }
      begun = now
      copy = RAW.empty? ? Process.fork : RAW.last.call
      copy&.positive? ? wait_for(copy, begun + WITHIN_S) : write(client, threads, begun)
    rescue SystemCallError => e
      say(client, 'failed', why: e.message)
    end

    # By no thread more: there may be none to have.
    def wait_for(copy, until_s)
      until Process.wait(copy, Process::WNOHANG)
        Process.kill(:KILL, copy) if now > until_s
        sleep 0.05
      end
    rescue Errno::ECHILD, Errno::ESRCH
      nil # the program waits for any child, or for none
    end

    def variables(one)
      one.keys.map { |name| ["Thread.current[:#{name}]", one[name]] } +
        one.thread_variables.map { |name| ["thread variable #{name}", one.thread_variable_get(name)] }
    end

    # In the copy, which nobody waits for: the first to be killed where memory runs short, the last to get a processor.
    def write(client, threads, begun)
      ENDS.each { |name| trap(name, 'SYSTEM_DEFAULT') } # the program's own handlers are for the program
      PASSES.each { |name| trap(name, 'IGNORE') }
      say(client, 'copy', stood_still_s: now - begun)
      File.write('/proc/self/oom_score_adj', '1000')
      Process.setpriority(Process::PRIO_PROCESS, 0, 19)
      GC.disable # it would write to all that is shared
      let_go(client)
      ObjectSpace.dump_all(output: client)
      tell(client, threads)
      say(client, 'end', took_bytes: File.read('/proc/self/smaps_rollup').scan(/^Private\S+ +(\d+)/).sum { |kib,| kib.to_i << 10 })
    ensure
      exit!
    end

    # Connections of the program must not stay open for as long as the copy lives.
    def let_go(client)
      Dir.children('/proc/self/fd').map(&:to_i).each do |fd|
        IO.for_fd(fd).close if fd > 2 && fd != client.fileno
      rescue SystemCallError, ArgumentError
        nil # Ruby's own, or closed by now
      end
    end

    def tell(client, threads)
      say(client, 'own', at: [threads, *threads, *threads.flat_map { |row| [row[1], row[2], *row[2]] }].map { |one| at(one) })
      threads.each { |one, held, _| say(client, 'thread', at: at(one), references: held.map { |each| at(each) }) }
      @named = 0
      kinds = [Hash, Array, Thread::Queue, Thread::SizedQueue, *(Set if defined?(Set))]
      @large = kinds.to_h { |kind| [kind, kind.instance_method(:size)] }
      threads.each { |one, _, kept| kept.each { |name, value| name_of(client, one, name, value) } }
      $VERBOSE = nil
      global_variables.grep(/\A\$[a-z_]\w+\z/).each { |name| large(client, nil, name, eval(name.to_s)) }
      ObjectSpace.each_object(Module) { |one| of_module(client, one) unless one == self || one == OakumHeap }
      seen = Hash.new(0).compare_by_identity
      ObjectSpace.each_object(BasicObject) do |one|
        next if (seen[ObjectSpace.internal_class_of(one)] += 1) > MOST_OWNERS

        NAMES.bind_call(one).each { |name| large(client, one, name, VALUE.bind_call(one, name)) }
      end
    rescue SystemCallError, IOError
      raise
    rescue StandardError
      nil # the dump itself is whole
    end

    def of_module(client, one)
      CONSTANTS.bind_call(one, false).each do |name|
        next if LATER.bind_call(one, name, false)

        name_of(client, one, name, CONSTANT.bind_call(one, name, false), PLACE.bind_call(one, name, false))
      end
      place = place_of(one)
      VARIABLES.bind_call(one, false).each { |name| name_of(client, one, name, VARIABLE.bind_call(one, name), place) }
    rescue NameError
      nil
    end

    def large(client, owner, name, value)
      size = @large.find { |kind, _| kind === value }
      return unless size && size.last.bind_call(value) >= LEAST

      name_of(client, owner, name, value, place_of(Module === owner ? owner : ObjectSpace.internal_class_of(owner)))
    end

    def name_of(client, owner, name, value, place = nil)
      return if @named >= MOST_NAMES || PLAIN.any? { |kind| kind === value }

      @named += 1
      file, line = place
      of = owner.nil? ? 'global_tbl' : at(owner)
      say(client, 'name', of: of, is: name, at: at(value), **(line.to_i.positive? ? { file: file, line: line } : {}))
    end

    # The file and line where a class or module is first made.
    def place_of(kind)
      name = Module === kind ? CALLED.bind_call(kind) : nil
      name && Object.const_source_location(name)
    rescue NameError
      nil
    end

    # Where it stands in memory, as the dump has it.
    def at(one)
      text = ObjectSpace::InternalObjectWrapper === one ? one.inspect : WORDS.bind_call(one)
      "0x#{text[/.*0x0*(\h+)/m, 1]}" # the last: a class without a name stands before it with its own
    end
  end

  # A process that is forked answers for itself. Ruby before 3.1: call OakumHeap.listen once it was forked.
  module Forked
    def _fork
      super.tap { |pid| OakumHeap.listen if pid.zero? }
    end
  end
  Process.singleton_class.prepend(Forked)
end

ObjectSpace.trace_object_allocations_start if ENV['OAKUM_HEAP_LINES'] == '1'
OakumHeap.listen

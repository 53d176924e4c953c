module Shop
  # LEAK: one counter per address, in a constant.
  module Metrics
    COUNTERS = {}

    def self.seen(address)
      COUNTERS[address] = [0.5, address, "#{address} " * 10]
    end
  end

  # LEAK: a list in an instance variable of a worker that lives in a thread-local.
  class Worker
    def self.instance
      Thread.current[:worker] ||= new
    end

    def initialize
      @seen = []
    end

    def remember(customer)
      @seen << "#{customer} " * 20
    end
  end
end

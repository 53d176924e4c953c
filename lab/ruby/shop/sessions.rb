module Shop
  class Session
    def initialize(id, number)
      @id = id
      @cart = Array.new(20) { |place| "sku-#{number}-#{place}" }
    end
  end

  # LEAK: sessions never end.
  class SessionStore
    def initialize
      @entries = {}
    end

    def put(id, number)
      @entries[id] = Session.new(id, number)
    end
  end
end

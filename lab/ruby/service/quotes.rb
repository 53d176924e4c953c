module Shop
  Quote = Struct.new(:number, :lines)

  # Answers are kept by basket, and baskets are never the same.
  class Quotes
    def initialize
      @by_basket = {}
    end

    def answer(basket)
      @by_basket[basket] ||= Quote.new(basket, Array.new(40) { |line| "basket #{basket}, line #{line}: " * 3 })
    end
  end

  # The last thousand, and no more.
  class Recent
    MOST = 1000

    def initialize
      @entries = []
    end

    def add(entry)
      @entries << entry
      @entries.shift if @entries.size > MOST
    end
  end

  class Desk
    def initialize
      @quotes = Quotes.new
      @recent = Recent.new
    end

    def quote(number)
      @recent.add("basket-#{number}")
      @quotes.answer("basket-#{number}")
    end
  end
end

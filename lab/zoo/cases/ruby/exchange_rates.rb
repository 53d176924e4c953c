#: says = "Converted prices are kept on the class by amount and moment, and no moment comes twice."
#: kind = "leak"
#: causes = ["unbounded-cache", "static-collection"]
#: holder = ["Converter", "@converted"]
#: per_s = 260
# Prices of a catalogue in the currency of whoever asks.
require_relative 'serving'

Price = Struct.new(:sku, :currency, :lines)

# Rates of the day, as the bank tells them.
class Rates
  BASE = { 'EUR' => 1.0, 'USD' => 1.09, 'GBP' => 0.85, 'SEK' => 11.3, 'JPY' => 161.2 }.freeze

  def self.of(currency, moment)
    BASE.fetch(currency) * (1 + Math.sin(moment / 900.0) / 200)
  end
end

class Converter
  MOST = 1500
  @converted = {}

  class << self
    def price(sku, currency, moment)
      @converted[[sku, currency, moment]] ||= convert(sku, currency, moment) #~ leak
      @converted.shift if @converted.size >= MOST #~ fixed
      @converted[[sku, currency, moment]] ||= convert(sku, currency, moment) #~ fixed
    end

    private

    def convert(sku, currency, moment)
      rate = Rates.of(currency, moment)
      lines = Array.new(60) { |step| format('%<sku>s x %<count>d: %<sum>.2f %<currency>s, plus delivery and what the law of the land adds', sku: sku, count: step + 1, sum: rate * (step + 1) * 7.5, currency: currency) }
      Price.new(sku, currency, lines)
    end
  end
end

# What was looked at last, so many and no more.
class Seen
  def initialize(most)
    @most = most
    @skus = []
    @lock = Mutex.new
  end

  def add(sku)
    @lock.synchronize do
      @skus << sku
      @skus.shift while @skus.size > @most
      @skus.size
    end
  end
end

seen = Seen.new(200)

serve do |number, _path|
  currency = Rates::BASE.keys[number % 5]
  price = Converter.price("sku-#{number % 400}", currency, number)
  "#{price.lines.first}, #{seen.add(price.sku)} seen"
end

# The programs of bench/js/programs over Ruby's Fiber:
#
#   ruby main.rb NAME SIZE WARM_UP_SIZE
#
# runs one after a run at the other size and prints { nanoseconds, result } as JSON.
require 'fiber'
require 'json'

def suspend_resume(size)
  fiber = Fiber.new { size.times { Fiber.yield } }
  suspensions = 0
  fiber.resume
  while fiber.alive?
    suspensions += 1
    fiber.resume
  end
  suspensions
end

def create_finish(size)
  sum = 0
  i = 0
  while i < size
    sum += Fiber.new { |value| value }.resume(i)
    i += 1
  end
  sum
end

def state(limit)
  get = -> { Fiber.yield }
  put = ->(value) { Fiber.yield(value) }
  fiber = Fiber.new do
    put.call(get.call + 1) while get.call < limit
    get.call
  end
  state = 0
  request = fiber.resume
  while fiber.alive?
    if request.nil?
      request = fiber.resume(state)
    else
      state = request
      request = fiber.resume
    end
  end
  request
end

def sieve(size)
  start = lambda do |prime|
    fiber = Fiber.new do
      candidate = Fiber.yield
      candidate = Fiber.yield((candidate % prime).zero?) while candidate != 0
    end
    fiber.resume
    fiber
  end
  primes = []
  filters = []
  candidate = 2
  while primes.size < size
    unless filters.any? { |filter| filter.resume(candidate) }
      primes << candidate
      filters << start.call(candidate)
    end
    candidate += 1
  end
  filters.each { |filter| filter.resume(0) }
  primes
end

def sky(level, number)
  if level.zero?
    Fiber.yield(number)
    return 0
  end
  sum = 0
  (10 * number...10 * number + 10).each do |i|
    child = Fiber.new { sky(level - 1, i) }
    sum += child.resume
    child.resume if child.alive?
  end
  sum
end

PROGRAMS = {
  'suspend-resume' => method(:suspend_resume),
  'create-finish' => method(:create_finish),
  'state' => method(:state),
  'sieve' => method(:sieve),
  'skynet-nested' => ->(size) { sky(size, 0) }
}.freeze

name, size, warm_up = ARGV
abort 'usage: main.rb NAME SIZE WARM_UP_SIZE' unless PROGRAMS.key?(name) && warm_up
run = PROGRAMS[name]
run.call(Integer(warm_up))
start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
result = run.call(Integer(size))
nanoseconds = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start
puts JSON.generate(nanoseconds: nanoseconds, result: result)

-- The programs of bench/js/programs over the coroutines of Lua 5.4 and LuaJIT:
--
--   lua5.4 main.lua NAME SIZE WARM_UP_SIZE
--
-- runs one after a run at the other size and prints { nanoseconds, result } as JSON. The clock is that of the
-- processor: nothing here ever waits.
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local status = coroutine.status

local function running(co) return status(co) ~= "dead" end

local function send(co, ...)
  local ok, value = resume(co, ...)
  if not ok then error(value, 0) end
  return value
end

local programs = {}

programs["suspend-resume"] = function(size)
  local co = create(function()
    for _ = 1, size do yield() end
  end)
  local suspensions = 0
  send(co)
  while running(co) do
    suspensions = suspensions + 1
    send(co)
  end
  return suspensions
end

programs["two-resumes"] = function(size)
  local co = create(function()
    for _ = 1, size do yield() end
  end)
  local suspensions = 0
  while true do
    send(co)
    if not running(co) then return suspensions end
    suspensions = suspensions + 1
    send(co)
    if not running(co) then return suspensions end
    suspensions = suspensions + 1
  end
end

programs["create-finish"] = function(size)
  local function body(value) return value end
  local sum = 0
  for i = 0, size - 1 do sum = sum + send(create(body), i) end
  return sum
end

programs["state"] = function(limit)
  local function get() return yield() end
  local function put(value) yield(value) end
  local co = create(function()
    while get() < limit do put(get() + 1) end
    return get()
  end)
  local state = 0
  local request = send(co)
  while running(co) do
    if request == nil then
      request = send(co, state)
    else
      state = request
      request = send(co)
    end
  end
  return request
end

programs["sieve"] = function(size)
  local function filter(prime)
    local candidate = yield()
    while candidate ~= 0 do candidate = yield(candidate % prime == 0) end
  end
  local primes, filters = {}, {}
  local candidate = 2
  while #primes < size do
    local divisible = false
    for i = 1, #filters do
      divisible = send(filters[i], candidate)
      if divisible then break end
    end
    if not divisible then
      primes[#primes + 1] = candidate
      local co = create(filter)
      send(co, candidate)
      filters[#filters + 1] = co
    end
    candidate = candidate + 1
  end
  for i = 1, #filters do send(filters[i], 0) end
  return primes
end

local function sky(level, number)
  if level == 0 then
    yield(number)
    return 0
  end
  local sum = 0
  for i = 10 * number, 10 * number + 9 do
    local co = create(sky)
    sum = sum + send(co, level - 1, i)
    if running(co) then send(co) end
  end
  return sum
end

programs["skynet-nested"] = function(size) return sky(size, 0) end

local function json(value)
  if type(value) ~= "table" then return string.format("%.0f", value) end
  return "[" .. table.concat(value, ",") .. "]"
end

local name, size, warm_up = arg[1], tonumber(arg[2]), tonumber(arg[3])
local run = programs[name]
if not (run and size and warm_up) then
  io.stderr:write("usage: main.lua NAME SIZE WARM_UP_SIZE\n")
  os.exit(2)
end
run(warm_up)
local start = os.clock()
local result = run(size)
local seconds = os.clock() - start
print(string.format('{"nanoseconds":%.0f,"result":%s}', seconds * 1e9, json(result)))

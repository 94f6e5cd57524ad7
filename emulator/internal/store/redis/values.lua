-- A script is made of this file, of those of the further files that its steps need, and of run.lua: what a script defines
-- is defined anew each time that it runs. It carries out a run of steps in one space, which is atomic since Redis runs
-- one script at a time.
--
-- KEYS: values, a hash of all keys with their values; expiries, a sorted set of those keys that expire, by
-- milliseconds; claims, a hash of buckets of claimed keys; meta, a hash of what is counted, with an entry for each log;
-- records, a hash of all logs' records; ids, a hash from the ids of records to their numbers. They share a hash tag.
-- ARGV: the bound of the bytes of values, the bound of the number of claims, whether all spaces together are full; then
-- each step as a letter and its arguments. The reply is what the space holds now, and the result of each step.
local call = redis.call
local VALUES, EXPIRIES, CLAIMS, META, RECORDS, IDS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local valueBound, claimBound, allFull = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
-- What an entry and a record take beside their data, in bytes, as the bounds count it.
local ENTRY, RECORD = 96, 56

local at = 3
local function arg()
  at = at + 1
  return ARGV[at]
end

local function decimal(n) return string.format('%.0f', n) end

-- What is counted: values and logs in bytes, claims, their buckets, and the last time that a caller named. It is read
-- by the first step that needs it and written after the last.
local meta, changed
local function counts()
  if not meta then
    meta = {values = 0, logs = 0, claims = 0, buckets = 1, now = 0}
    local packed = call('HGET', META, 'counts')
    if packed then
      meta.values, meta.logs, meta.claims, meta.buckets, meta.now = struct.unpack('>ddddd', packed)
    end
  end
  return meta
end

local function count(field, delta)
  if delta ~= 0 then
    local m = counts()
    m[field] = m[field] + delta
    changed = true
  end
end

local function keepCounts()
  if changed then
    call('HSET', META, 'counts',
      struct.pack('>ddddd', meta.values, meta.logs, meta.claims, meta.buckets, meta.now))
  end
end

-- lengthOf is the length of a key's value, nil where it is absent.
local function lengthOf(key)
  local length = call('HSTRLEN', VALUES, key)
  if length == 0 and call('HEXISTS', VALUES, key) == 0 then return nil end
  return length
end

local function drop(key, length)
  call('HDEL', VALUES, key)
  call('ZREM', EXPIRIES, key)
  count('values', -(length + #key + ENTRY))
end

-- reclaimValues drops keys that expired by then, and reports whether it stopped before the last of them.
local MOST = 2000
local function reclaimValues(now, but)
  local expired = call('ZRANGEBYSCORE', EXPIRIES, '-inf', decimal(now), 'LIMIT', 0, MOST)
  for _, key in ipairs(expired) do
    if key ~= but then drop(key, lengthOf(key) or 0) end
  end
  return #expired == MOST
end

-- fits makes room for so many more bytes of values, and reports whether there is room.
local function fits(more, but)
  if more <= 0 then return true end
  local m = counts()
  if m.values + more <= valueBound and not allFull then return true end
  local before = m.values
  reclaimValues(m.now, but)
  return m.values + more <= valueBound and (not allFull or m.values + more <= before)
end

local FULL = redis.error_reply('TSFULL the space or the store has no room for another value')

local function expire(key, expires, replaces)
  if expires ~= '' then
    call('ZADD', EXPIRIES, expires, key)
  elseif replaces then
    call('ZREM', EXPIRIES, key)
  end
end

-- set sets a key whose value has that length now, and reports whether there was room.
local function set(key, value, expires, length)
  local more = #value - (length or -#key - ENTRY)
  if not fits(more, key) then return false end
  call('HSET', VALUES, key, value)
  expire(key, expires, length)
  count('values', more)
  return true
end

-- Each step returns its result, and whether the run ends with it. An error reply ends the run too.
local steps = {}

function steps.get()
  local key, needed = arg(), arg()
  local value = call('HGET', VALUES, key)
  return value, not value and needed == '1'
end

function steps.put()
  local key, value, expires = arg(), arg(), arg()
  if not set(key, value, expires, lengthOf(key)) then return FULL end
  return true
end

function steps.add()
  local key, value, expires, needed = arg(), arg(), arg(), arg()
  if lengthOf(key) then return 0, needed == '1' end
  if not set(key, value, expires, nil) then return FULL end
  return 1
end

function steps.take()
  local key, needed = arg(), arg()
  local value = call('HGET', VALUES, key)
  if value then drop(key, #value) end
  return value, not value and needed == '1'
end

function steps.exchange()
  local key, value, expires = arg(), arg(), arg()
  local old = call('HGET', VALUES, key)
  if not set(key, value, expires, old and #old) then return FULL end
  return old
end

function steps.increment()
  local key, delta, expires, limit = arg(), arg(), arg(), tonumber(arg())
  local length = lengthOf(key)
  if not length and not fits(#key + ENTRY + #delta, key) then return FULL end
  local sum = redis.pcall('HINCRBY', VALUES, key, delta)
  if type(sum) == 'table' then return sum end
  expire(key, expires, length)
  local text = math.abs(sum) < 9e15 and decimal(sum) or call('HGET', VALUES, key)
  count('values', #text - (length or -#key - ENTRY))
  return text, limit > 0 and sum > limit
end

-- A log is kept in META as six numbers, and its records in RECORDS by name and number, each behind the length of its id
-- and that id.
local function logOf(name)
  local log = {name = name, first = 1, last = 0, dropped = 0, records = 0, bytes = 0, size = 0}
  local text = call('HGET', META, 'log ' .. name)
  if text then
    log.first, log.last, log.dropped, log.records, log.bytes, log.size = struct.unpack('>dddddd', text)
  end
  return log, text
end

local function keepLog(log)
  call('HSET', META, 'log ' .. log.name,
    struct.pack('>dddddd', log.first, log.last, log.dropped, log.records, log.bytes, log.size))
end

local function recordKey(log, seq) return log.name .. '/' .. decimal(seq) end
local function idKey(name, id) return #name .. ':' .. name .. id end

-- oldest finds the oldest record: large ones, which were dropped themselves, have left gaps. Where there is none although
-- some are counted, since the store was told to evict keys, the log is empty from then on.
local function oldest(log)
  while log.records > 0 and log.first <= log.last do
    local raw = call('HGET', RECORDS, recordKey(log, log.first))
    if raw then return raw end
    log.first = log.first + 1
  end
  log.first = log.last + 1
  if log.size > 0 then
    count('logs', -log.size)
    log.records, log.bytes, log.size = 0, 0, 0
    keepLog(log)
  end
end

local function resize(log, bytes, id, sign)
  local size = sign * (bytes + #id + RECORD)
  log.bytes, log.size = log.bytes + sign * bytes, log.size + size
  count('logs', size)
end

local function dropOldest(log)
  local raw = oldest(log)
  if not raw then return end
  local length = struct.unpack('>I2', raw)
  local id = string.sub(raw, 3, 2 + length)
  call('HDEL', RECORDS, recordKey(log, log.first))
  if length > 0 and call('HGET', IDS, idKey(log.name, id)) == decimal(log.first) then
    call('HDEL', IDS, idKey(log.name, id))
  end
  log.first, log.records, log.dropped = log.first + 1, log.records - 1, log.dropped + 1
  resize(log, #raw - 2 - length, id, -1)
end

local function append(name, id, record, maxRecords, maxBytes)
  local log = logOf(name)
  log.last = log.last + 1
  if #record > maxBytes or maxRecords < 1 then
    log.dropped = log.dropped + 1
  else
    while log.records > 0 and (log.records >= maxRecords or log.bytes + #record > maxBytes) do dropOldest(log) end
    if log.records == 0 then log.first = log.last end
    call('HSET', RECORDS, recordKey(log, log.last), struct.pack('>I2', #id) .. id .. record)
    if id ~= '' then call('HSET', IDS, idKey(name, id), decimal(log.last)) end
    log.records = log.records + 1
    resize(log, #record, id, 1)
  end
  keepLog(log)
  return log.last
end

local CHUNK = 100
local function range(name, after, limit)
  local log, found = logOf(name), {}
  oldest(log)
  local next = math.max(after + 1, log.first)
  while log.records > 0 and next <= log.last and #found < 2 * limit do
    local keys = {}
    for seq = next, math.min(next + math.min(CHUNK, limit - #found / 2) - 1, log.last) do
      keys[#keys + 1] = recordKey(log, seq)
    end
    for i, raw in ipairs(call('HMGET', RECORDS, unpack(keys))) do
      if raw then
        found[#found + 1] = next + i - 1
        found[#found + 1] = raw
      end
    end
    next = next + #keys
  end
  return {log.first, log.last, log.dropped, found}
end

function steps.append()
  local name, id, record, maxRecords, maxBytes = arg(), arg(), arg(), tonumber(arg()), tonumber(arg())
  return append(name, id, record, maxRecords, maxBytes)
end

function steps.range()
  local name, after, limit = arg(), tonumber(arg()), tonumber(arg())
  return range(name, after, limit)
end

function steps.find()
  local name, id = arg(), arg()
  local log = logOf(name)
  local seq = call('HGET', IDS, idKey(name, id))
  return {log.dropped, seq or '', seq and call('HGET', RECORDS, recordKey(log, seq)) or false}
end

function steps.truncate()
  local log, there = logOf(arg())
  if there then
    while log.records > 0 do dropOldest(log) end
    log.dropped = 0
    keepLog(log)
  end
  return true
end

function steps.trim() -- drops the oldest records of the longest logs, until none is larger than that
  local most = tonumber(arg())
  for _, field in ipairs(call('HKEYS', META)) do
    if string.sub(field, 1, 4) == 'log ' then
      local log = logOf(string.sub(field, 5))
      if log.size > most then
        while log.records > 0 and log.size > most do dropOldest(log) end
        keepLog(log)
      end
    end
  end
  return true
end

-- keysWith lists the keys that begin with prefix. Redis compares them, which is faster than to hand all of them out; it
-- may name one twice.
local function keysWith(prefix)
  local pattern = string.gsub(prefix, '[%[%]%^%*%?\\%-]', '\\%0') .. '*'
  local found, seen, cursor = {}, {}, '0'
  repeat
    local page = call('HSCAN', VALUES, cursor, 'MATCH', pattern, 'COUNT', 1000)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      local key = page[2][i]
      if not seen[key] then
        seen[key] = true
        found[#found + 1] = key
      end
    end
  until cursor == '0'
  return found
end

function steps.keys() return keysWith(arg()) end

function steps.values() -- an empty list where they are too many
  local prefix, most = arg(), tonumber(arg())
  local found, size = {'values'}, 0
  for _, key in ipairs(keysWith(prefix)) do
    local value = call('HGET', VALUES, key)
    size = size + #key + #value + ENTRY
    if size > most then return {} end
    found[#found + 1] = key
    found[#found + 1] = value
    found[#found + 1] = call('ZSCORE', EXPIRIES, key) or ''
  end
  return found
end

function steps.reclaim()
  local now, forget, from = tonumber(arg()), tonumber(arg()), tonumber(arg())
  local m = counts()
  m.now, changed = math.max(m.now, now), call('EXISTS', META) == 1 or changed
  local more = reclaimValues(now)
  local next = reclaimClaims(forget, from)
  return {more and 1 or 0, next or -1}
end

function steps.drop()
  for _, key in ipairs(keysWith(arg())) do drop(key, call('HSTRLEN', VALUES, key)) end
  return true
end

function steps.clear()
  call('UNLINK', unpack(KEYS))
  meta, changed = {values = 0, logs = 0, claims = 0, buckets = 1, now = 0}, false
  return true
end

-- A reservation keeps other emulators from changing a key for a moment, for one that lost against them too often.
local RESERVED = 500 -- milliseconds
local function clock()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function compareAndSet(key, old, value, expires, caller, reserve)
  local reservation = call('HGET', META, 'reserved ' .. key)
  if reservation then
    local owner, ends = string.match(reservation, '^(%S+) (%d+)$')
    if owner ~= caller and clock() < tonumber(ends) then return {'reserved'} end
  end
  local now = call('HGET', VALUES, key)
  if now ~= old then
    if reserve and call('EXISTS', META) == 1 then
      call('HSET', META, 'reserved ' .. key, caller .. ' ' .. decimal(clock() + RESERVED))
    end
    return {'changed', now}
  end
  if reservation then call('HDEL', META, 'reserved ' .. key) end
  if not set(key, value, expires, now and #now) then return FULL end
  return {'done'}
end

function steps.compareAndSet()
  local key, had, old, value, expires = arg(), arg(), arg(), arg(), arg()
  local caller, reserve = arg(), arg()
  return compareAndSet(key, had == '1' and old, value, expires, caller, reserve == '1')
end

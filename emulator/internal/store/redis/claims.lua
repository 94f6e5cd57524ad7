-- A claim is eight bytes of hash and five of the second at which it ends. The buckets grow and shrink by linear hashing:
-- one is split, or merged, at a time.
local CLAIM, LOAD, SPARSE = 13, 32, 8

local function levelOf(buckets)
  local level = 1
  while level * 2 <= buckets do level = level * 2 end
  return level
end

local function bucketOf(hash, buckets)
  local n, level = struct.unpack('>I4', hash), levelOf(buckets)
  local bucket = n % (level * 2)
  if bucket >= buckets then bucket = n % level end
  return bucket
end

local function endOf(bucket, from) return (struct.unpack('>I5', bucket, from + 8)) end

local function findClaim(bucket, hash)
  local from = 1
  while true do
    local found = string.find(bucket, hash, from, true)
    if not found or (found - 1) % CLAIM == 0 then return found end
    from = found + 1
  end
end

-- live is a bucket without the claims that ended by then.
local function live(bucket, forget)
  local kept = {}
  for from = 1, #bucket, CLAIM do
    if endOf(bucket, from) > forget then kept[#kept + 1] = string.sub(bucket, from, from + CLAIM - 1) end
  end
  return table.concat(kept)
end

local function keepBucket(number, bucket)
  if bucket == '' then call('HDEL', CLAIMS, number) else call('HSET', CLAIMS, number, bucket) end
end

local function splitBucket(m)
  local level = levelOf(m.buckets)
  local source, target = m.buckets - level, m.buckets
  local bucket, stay, go = call('HGET', CLAIMS, source) or '', {}, {}
  for from = 1, #bucket, CLAIM do
    local claim = string.sub(bucket, from, from + CLAIM - 1)
    local to = struct.unpack('>I4', claim) % (level * 2) == target and go or stay
    to[#to + 1] = claim
  end
  keepBucket(source, table.concat(stay))
  keepBucket(target, table.concat(go))
  m.buckets = m.buckets + 1
end

local function mergeBucket(m)
  local source = m.buckets - 1
  local target = source - levelOf(source)
  local moved = call('HGET', CLAIMS, source)
  if moved then
    call('HDEL', CLAIMS, source)
    keepBucket(target, (call('HGET', CLAIMS, target) or '') .. moved)
  end
  m.buckets = source
end

local function claim(hash, now, ends, forget)
  local m = counts()
  m.now, changed = math.max(m.now, now * 1000), true
  local number = bucketOf(hash, m.buckets)
  local bucket = call('HGET', CLAIMS, number) or ''
  local found, made = findClaim(bucket, hash), hash .. struct.pack('>I5', ends)
  if found then
    if endOf(bucket, found) > now then return false end
    bucket = string.sub(bucket, 1, found - 1) .. made .. string.sub(bucket, found + CLAIM)
  else
    local before = #bucket
    if before > 0 and before % (LOAD / 2 * CLAIM) == 0 then bucket = live(bucket, forget) end
    if m.claims >= claimBound then bucket = '' end -- the bucket that grows forgets
    bucket = bucket .. made
    m.claims = m.claims + (#bucket - before) / CLAIM
  end
  keepBucket(number, bucket)
  if m.claims > m.buckets * LOAD then splitBucket(m) end
  return true
end

-- reclaimClaims forgets what ended by then in some of the buckets, and returns the next of them; nil after the last.
local BUCKETS = 256
local function reclaimClaims(forget, from)
  local m = counts()
  local upTo = math.min(from + BUCKETS, m.buckets) - 1
  for number = from, upTo do
    local bucket = call('HGET', CLAIMS, number)
    if bucket then
      local kept = live(bucket, forget)
      if #kept < #bucket then
        keepBucket(number, kept)
        count('claims', (#kept - #bucket) / CLAIM)
      end
    end
  end
  if upTo + 1 < m.buckets then return upTo + 1 end
  local merges = BUCKETS
  while merges > 0 and m.buckets > 1 and m.claims < m.buckets * SPARSE do
    mergeBucket(m)
    merges, changed = merges - 1, true
  end
  if merges == 0 then return m.buckets - 1 end -- go on with merging
  return nil
end

function steps.claim()
  local hash, now, ends, forget = arg(), tonumber(arg()), tonumber(arg()), tonumber(arg())
  if claim(hash, now, ends, forget) then return 1 end
  return 0, true
end

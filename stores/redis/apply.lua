-- Applies what lies beyond the bucket's fences and moves them. Returns how many changes are done, -1 when events are missing.

local partitions = {}
for number = 1, tonumber(ARGV[4]) do
  local name = name_of(number)
  local first, last, id = struct.unpack('>I8I8c8', ARGV[4 + 2 * number])
  local fence = redis.call('HGET', FENCE, name)
  local stands = fence and struct.unpack('>I8', fence) or -1
  if stands < first - 1 then return -1 end
  partitions[number] = {name = name, stands = stands, last = last, last_id = id}
end
if not divided then redis.call('HSET', STATE, 'buckets', BUCKET_COUNT, 'filling', 1) end

local function park(number, offset, id, what)
  local key, reason = string.match(what, '^%z(%Z*)%z(.*)$')
  if redis.call('HSET', PARKED, parked_field(number, offset), id .. key .. '\0' .. reason) == 1 then
    redis.call('HINCRBY', PARKED_KEYS, parked_key(number, key), 1)
  end
  return 1
end

local has_changed = false
local done, is_all = each(function(number, offset, id, what)
  local partition = partitions[number]
  if offset <= partition.stands then return 0 end
  partition.reached, partition.reached_id = offset, id
  if string.byte(what) == 0 then return park(number, offset, id, what) end
  has_changed = true
  return 1 + change(what)
end)
if has_changed then finish() end

for _, partition in ipairs(partitions) do
  if is_all and partition.last > partition.stands then
    redis.call('HSET', FENCE, partition.name, struct.pack('>I8', partition.last) .. partition.last_id)
  elseif not is_all and partition.reached then
    redis.call('HSET', FENCE, partition.name, struct.pack('>I8', partition.reached) .. partition.reached_id)
  end
end
return done

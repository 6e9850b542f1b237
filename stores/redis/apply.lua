-- Applies what lies beyond the bucket's fences and moves them. Returns how many pairs are done, -1 when events are missing.

local partitions = {}
for at = 5, FIRST - 1, 2 do
  local first, last, id = struct.unpack('>I8I8c8', ARGV[at + 1])
  local fence = redis.call('HGET', FENCE, ARGV[at])
  local stands = fence and struct.unpack('>I8', fence) or -1
  if stands < first - 1 then return -1 end
  partitions[#partitions + 1] = {name = ARGV[at], stands = stands, last = last, last_id = id}
end
if not divided then
  redis.call('HSET', STATE, 'buckets', BUCKET_COUNT, 'filling', 1)
end

local function park(event, what)
  local key, reason = string.match(what, '^%z(%Z*)%z(.*)$')
  if redis.call('HSETNX', PARKED, field_of(event), event.id .. key .. '\0' .. reason) == 1 then
    redis.call('HINCRBY', PARKED_KEYS, topic_of(event) .. '\0' .. key, 1)
  end
end

local at, work, previous = FIRST, 0, nil
while at < #ARGV and (work < ENOUGH or ARGV[at] == previous) do
  previous = ARGV[at]
  local event, what = event_of(previous), ARGV[at + 1]
  local partition = partitions[event.number]
  if event.offset > partition.stands then
    work = work + 1
    if string.byte(what) == 0 then park(event, what) else work = work + change(what) end
    partition.reached, partition.reached_id = event.offset, event.id
  end
  at = at + 2
end
if work > 0 then finish() end

for _, partition in ipairs(partitions) do
  if at > #ARGV and partition.last > partition.stands then
    redis.call('HSET', FENCE, partition.name, struct.pack('>I8', partition.last) .. partition.last_id)
  elseif partition.reached then
    redis.call('HSET', FENCE, partition.name, struct.pack('>I8', partition.reached) .. partition.reached_id)
  end
end
return (at - FIRST) / 2

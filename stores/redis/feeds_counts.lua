-- For each user of ARGV how many followers live in this bucket, and how many the user follows (0 unless they live here).

local counts = {}
for _, user in ipairs(ARGV) do
  counts[#counts + 1] = redis.call('SCARD', KEYS[1] .. ':followers:' .. user)
  counts[#counts + 1] = redis.call('ZCARD', KEYS[1] .. ':following:' .. user)
end
return {redis.call('HMGET', KEYS[1] .. ':state', 'filling', 'buckets'), counts}

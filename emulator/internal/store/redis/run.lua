-- The steps are carried out one after the other, until one ends the run.
local results = {}
while at < #ARGV do
  local result, ends = steps[arg()]()
  if type(result) == 'table' and result.err then
    keepCounts()
    return result
  end
  results[#results + 1] = result
  if ends then break end
end
keepCounts()
local held = meta and {meta.values, meta.logs, meta.claims} or false
return {held, results}

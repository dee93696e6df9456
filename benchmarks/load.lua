-- wrk: ask the paths of a file in turn, each as nobody has asked it before. Arguments: file, first number. Environment:
-- CONNECTIONS.
-- A path that begins with POST: what stands behind its question mark is sent as a form.
local paths, count, number = {}, 0, 0
local form = {}

function init(args)
  for line in io.lines(args[1]) do
    count = count + 1
    paths[count] = line
  end
  number = tonumber(args[2])
  for name, value in pairs(wrk.headers) do
    form[name] = value
  end
  form["Content-Type"] = "application/x-www-form-urlencoded"
end

function request()
  number = number + 1
  local path = paths[number % count + 1]:gsub("NUMBER", number)
  local address, fields = path:match("^POST (.-)%?(.*)$")
  if address then
    return wrk.format("POST", address, form, fields)
  end
  return wrk.format("GET", path)
end

-- The latencies that were measured: values in microseconds, ascending, and how often each was.
--
-- wrk adds some of its own before it calls us (`stats_correct`): for each answer that took longer than twice the mean
-- time between two requests of a connection, those that further requests would have had if they had been sent
-- meanwhile. None was. What it added can be taken away exactly, from the longest down.
local function measured(summary, latency)
  local counts, values, found = {}, {}, {}
  for index = 1, #latency do
    local value, times = latency(index)
    values[index], counts[value] = value, times
  end
  local rounds = math.floor(summary.requests / tonumber(os.getenv("CONNECTIONS")))
  local expected = rounds > 0 and math.floor(summary.duration / rounds) or math.huge
  local total = 0
  for index = #values, 1, -1 do
    local value = values[index]
    local times = counts[value]
    if value >= 2 * expected and times > 0 then
      local added = value - expected
      while added > expected do
        counts[added] = counts[added] - times
        added = added - expected
      end
    end
  end
  for _, value in ipairs(values) do
    if counts[value] > 0 then
      found[#found + 1] = value
      total = total + counts[value]
    end
  end
  return found, counts, total
end

local function percentile(share, values, counts, total)
  local reached = 0
  for _, value in ipairs(values) do
    reached = reached + counts[value]
    if reached >= share * total then
      return value
    end
  end
  return 0
end

function done(summary, latency, requests)
  local errors = summary.errors
  local values, counts, total = measured(summary, latency)
  io.write(string.format(
    '\nFIGURES {"requests": %d, "seconds": %.6f, "failures": %d, "measured": %d, "p50": %.3f, "p99": %.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, total,
    percentile(0.5, values, counts, total) / 1000, percentile(0.99, values, counts, total) / 1000))
end

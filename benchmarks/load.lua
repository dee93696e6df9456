-- wrk: ask the paths of a file in turn, each as nobody has asked it before. Arguments: file, first number.
local paths, count, number = {}, 0, 0

function init(args)
  for line in io.lines(args[1]) do
    count = count + 1
    paths[count] = line
  end
  number = tonumber(args[2])
end

function request()
  number = number + 1
  local path = paths[number % count + 1]:gsub("NUMBER", number)
  return wrk.format("GET", path)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nFIGURES {"requests": %d, "seconds": %.6f, "failures": %d, "p50": %.3f, "p99": %.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end

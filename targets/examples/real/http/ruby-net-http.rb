# Net::HTTP, started once and kept: get URL, head URL, post URL FILE, or session. open_timeout bounds the connect, read_timeout each
# read, write_timeout each write; unset, each is a minute.
require "digest"
require "json"
require "net/http"

CODES = { "ok" => 0, "timeout" => 10, "reset" => 11, "closed" => 12, "refused" => 13, "protocol" => 15 }

$http = nil # kept from one exchange to the next

def exchange(method, url, payload, fresh, timeout)
  uri = URI(url)
  if $http && (fresh || [$http.address, $http.port] != [uri.host, uri.port])
    $http.finish
    $http = nil
  end
  timeouts = timeout > 0 ? { open_timeout: timeout, read_timeout: timeout, write_timeout: timeout } : {}
  $http ||= Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", **timeouts)
  timeouts.each { |name, seconds| $http.send("#{name}=", seconds) }
  request = Net::HTTP.const_get(method.capitalize).new(uri)
  if payload
    request.body = File.binread(payload)
    request.content_type = "application/octet-stream"
  end
  response = $http.request(request)
  [response.code.to_i, response.body.to_s]
end

def outcome(error)
  case error
  when Timeout::Error then "timeout"
  when Errno::ECONNREFUSED then "refused"
  when Errno::ECONNRESET, Errno::EPIPE then "reset"
  when EOFError then error.cause.is_a?(SystemCallError) ? outcome(error.cause) : "closed"
  when Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError then "protocol"
  else error.cause ? outcome(error.cause) : "other"
  end
end

def play(method, url, payload, fresh, timeout)
  status, received = exchange(method, url, payload, fresh, timeout)
  [status / 100 == 2 ? "ok" : "other", received, "status #{status}"]
rescue StandardError => error
  [outcome(error), "", "#{error.class}: #{error.message}"]
end

case ARGV[0]
when "get", "head", "post"
  result, received, detail = play(ARGV[0].upcase, ARGV[1], ARGV[2], false, ENV.fetch("FAULTWIRE_TIMEOUT_MS", "0").to_i / 1000.0)
  $stdout.binmode.write(received)
  warn(detail) if result != "ok"
  exit(CODES.fetch(result, 1))
when "session"
  $stdin.each_line do |line|
    request = JSON.parse(line)
    reply = { id: request["id"], outcome: "unsupported" }
    if request["kind"] == "http" && %w[GET HEAD POST].include?(request["method"])
      payload = request["payload"].to_s.empty? ? nil : request["payload"]
      result, received, detail = play(request["method"], request["url"], payload, request["fresh"], request["timeout_ms"].to_i / 1000.0)
      reply.update(outcome: result, bytes: received.bytesize, sha256: Digest::SHA256.hexdigest(received), detail: detail.scrub)
    end
    puts reply.to_json
    $stdout.flush
  end
  $http&.finish
else
  exit(89)
end

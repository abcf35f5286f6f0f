// A configuration with each kind of part, for edits of it.
export const shop = `# The shop
sources:
  netflow: { listen: off, tcp: off }
  edge: { type: netflow, listen: off, tcp: off }
transforms:
  masked: { type: redact, from: [http], fields: [user.password] }
  split: { type: route, from: [edge], routes: { dns: dst.port = 53, db: dst.port = 5432 }, else: rest }
  web: { type: filter, from: [netflow], where: "dst.port in (80, 443)" }
  tenth: { type: sample, from: [netflow], one_in: 2 }
  minutes: { type: aggregate, from: [netflow], window: 10m, by: [dst_port], values: { bytes: sum(bytes) } }
sinks:
  bus: { type: kafka, brokers: ["127.0.0.1:9"], topic: flows, from: [netflow], only: { filter: bytes > 2k } }
  orders: { type: nats, url: "nats://127.0.0.1:9", stream: ORDERS, subject: "orders.{family}", from: [masked] }
  audit: { type: http, url: "http://127.0.0.1:9/in", from: [http], only: { family: [audit] } }
  dns: { type: file, path: /tmp/weir-rehearsal-never/dns.ndjson, from: [split.dns] }
  rest: { type: file, path: /tmp/weir-rehearsal-never/rest.ndjson, from: [split.rest, split.db] }
  logs: { type: loki, url: "http://127.0.0.1:9", from: [web], labels: [DstPort] }
  metrics: { type: prometheus, listen: "127.0.0.1:9", from: [tenth] }
  sums: { type: file, path: /tmp/weir-rehearsal-never/sums.ndjson, from: [minutes] }
store: { age: 30d }
`

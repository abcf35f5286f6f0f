#!/usr/lib/weir/node
// The entry point of the image. A pod that names the program of a replaced tool as its command gets its replacement:
// the image has links to this file at those paths.
const replaced = new Map([
  ['/manager', 'insights-remote'],
  ['/kollect', 'kollect'],
  ['/bin/kollect', 'kollect'],
  ['/ko-app/cts_exporter', 'cts-exporter'],
  ['/ko-app/neo4j_sink', 'neo4j-sink'],
  ['/app/flowlogs-pipeline', 'netobserv'],
])

const preset = replaced.get(process.argv[1])
if (preset !== undefined) {
  process.argv.splice(2, 0, preset)
  // Without it, the data folder would be below the working directory of the pod, which may be read-only.
  process.env.WEIR_DATA ??= '/data'
}
process.argv[1] = '/usr/lib/weir/bin/weir.mjs'
await import('/usr/lib/weir/bin/weir.mjs')

// Loaded before Weir with `--import`: each thread writes the busy time of its event loop into LOOP_TIME_FOLDER twice a
// second.
import { renameSync, writeFileSync } from 'node:fs'
import { threadId, threadName } from 'node:worker_threads'

const folder = process.env['LOOP_TIME_FOLDER']
if (folder !== undefined) {
  const name = threadId === 0 ? 'main' : threadName === '' || threadName === null ? `worker ${threadId}` : threadName
  const file = `${folder}/${threadId}.json`
  setInterval(() => {
    const { idle, active } = performance.eventLoopUtilization()
    writeFileSync(`${file}.new`, JSON.stringify({ name, idle, active }))
    renameSync(`${file}.new`, file)
  }, 500).unref()
}

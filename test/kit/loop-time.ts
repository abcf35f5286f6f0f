// Loaded before Weir with `--import`: every thread tells, twice a second, how long its event loop has been busy. The folder to
// write to stands in LOOP_TIME_FOLDER.
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

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { memoryOf, treeMemory } from './proc.ts'

const megabyte = 1e6

test('memory of a tree counts each process, and the pages of a program once', async () => {
  const idle = `process.stdin.on('end', () => process.exit()).resume()`
  const script =
    `const { spawn } = require('node:child_process'); const child = spawn(process.execPath, ['-e', ` +
    `${JSON.stringify(`${idle}; console.log(process.pid)`)}], { stdio: ['pipe', 'inherit', 'inherit'] ` +
    `}); ${idle}`
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const both = [memoryOf(Number(parent.pid)), memoryOf(Number(line.toString()))]
    const own = both.reduce((sum, each) => sum + each.own, 0)
    const files = Math.max(...both.map((each) => each.files))
    expect(Math.abs(treeMemory(Number(parent.pid)) - own - files) / megabyte).toBeLessThan(15)
  } finally {
    parent.stdin.end()
    await once(parent, 'exit')
  }
})

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCommand } from '../../tools/kit/command.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir } from '../kit/weir-process.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-stop-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('stopping', () => {
  it('takes two simultaneous signals as one: npm forwards a Ctrl-C that the terminal sent to both', async () => {
    await using weir = await startWeir({ folder })
    weir.signal('SIGINT')
    weir.signal('SIGINT')
    expect(await weir.exited()).toEqual({ code: 0, signal: null })
  })

  it('ends with npm: the shell that npm puts in between does not swallow the signal', async () => {
    const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
    const data = join(folder, 'data')
    const flags =
      `--data ${data} --listen 127.0.0.1:${api} --ops 127.0.0.1:${ops} --netflow 127.0.0.1:${netflow} ` +
      '--ipfix-tcp off --sflow off'
    const script = `npm start --silent -- ${flags} & npm=$!
      until grep -qs http ${data}/lock; do kill -0 $npm || exit 3; sleep 0.1; done
      kill $npm; wait $npm; echo "npm ended with $?"`
    const result = await runCommand('sh', ['-c', script], { limit: 50_000 })
    expect(result.stdout).toContain('npm ended with 0')
    await expect(stat(join(data, 'lock'))).rejects.toThrow(/ENOENT/)
  })
})

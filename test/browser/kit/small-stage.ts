// A Weir with some thousand flows of data set D, so that each of many views takes a moment.
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startWeir } from '../../kit/weir-process.ts'
import { makeD } from './data-set/template.ts'
import { BigStage } from './big-stage.ts'
import { chromiumPath } from './stage.ts'

class SmallStage extends BigStage {
  readonly #flows: number

  constructor(flows: number) {
    super()
    this.#flows = flows
  }

  override async open(config: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'weir-browser-'))
    const data = join(this.folder, 'data')
    await mkdir(data, { mode: 0o700 })
    this.span = await makeD(data, this.#flows)
    this.weir = await startWeir({ folder: this.folder, config })
    await this.openBrowser()
  }
}

/** Data set D with so many flows. Without a browser nothing starts. */
export function useSmallStage(flows: number, config: Readonly<Record<string, unknown>> = {}): BigStage {
  const stage = new SmallStage(flows)
  beforeAll(async () => {
    if (chromiumPath !== undefined) await stage.open(config)
  }, 300_000)
  afterAll(() => stage.close())
  return stage
}

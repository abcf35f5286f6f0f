// A Weir with data set D: 1,000,000 flows of the last 24 hours between 600 workloads of 40 namespaces and the world.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startWeir } from '../../kit/weir-process.ts'
import { copyOfD, type SpanOfD } from './data-set/template.ts'
import { chromiumPath, Stage } from './stage.ts'

export class BigStage extends Stage {
  /** Unix ms; `t=<from>..<to>` selects everything. */
  span!: SpanOfD

  override async open(config: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'weir-browser-'))
    this.span = await copyOfD(join(this.folder, 'data'))
    this.weir = await startWeir({ folder: this.folder, config })
    await this.openBrowser()
  }

  get time(): string {
    return `${new Date(this.span.from).toISOString()}..${new Date(this.span.to).toISOString()}`
  }

  override flows(): Promise<number> {
    return Promise.reject(new Error('data set D stays as it is'))
  }

  override filled(): Promise<number> {
    return this.stored(this.span.rows)
  }
}

/** Data set D for the tests of a file, which takes half a minute once per run. Without a browser nothing starts. */
export function useBigStage(config: Readonly<Record<string, unknown>> = {}): BigStage {
  const stage = new BigStage()
  beforeAll(async () => {
    if (chromiumPath !== undefined) await stage.open(config)
  }, 300_000)
  afterAll(() => stage.close())
  return stage
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, onTestFinished } from 'vitest'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { realHost } from '../../host/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { openStore, type Store, type StoreOptions } from '../index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from './frames.ts'

export class TemporaryStores {
  home = ''
  #open: Store[] = []

  get directory(): string {
    return join(this.home, 'store')
  }

  async open(options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = await openStore({
      host: realHost(),
      directory: this.directory,
      resolver,
      log: recordingLog(),
      metrics: recordingMetrics(),
      // Two threads take an eighth more processor time for tables of this size.
      threads: drawnSize(1, 2),
      ...options,
    })
    this.#open.push(store)
    return store
  }

  async filled(...frames: WeirEvent[][]): Promise<Store> {
    const store = await this.open()
    const make = new FrameMaker()
    for (const events of frames) {
      await store.projection.apply([make.events(events)])
      await store.projection.commit()
    }
    return store
  }

  async close(): Promise<void> {
    for (const store of this.#open.splice(0)) await store.close()
  }

  async begin(): Promise<void> {
    this.home = await mkdtemp(join(tmpdir(), 'weir-store-'))
  }

  async end(): Promise<void> {
    await this.close()
    await rm(this.home, { recursive: true, force: true })
  }
}

export function temporaryStores(): TemporaryStores {
  const stores = new TemporaryStores()
  beforeEach(() => stores.begin())
  afterEach(() => stores.end())
  return stores
}

/** Opens a store that is removed at the end of the running test. */
export async function storeOfTest(options: Partial<StoreOptions> = {}): Promise<Store> {
  const stores = new TemporaryStores()
  await stores.begin()
  onTestFinished(() => stores.end())
  return stores.open(options)
}

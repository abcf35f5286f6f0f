import { expect, test } from 'vitest'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()

test('a close waits for calls of DuckDB that a timer began, and later ones have no effect', async () => {
  for (let round = 0; round < 30; round++) {
    const store = await stores.open()
    await store.returnMemory()
    const begun = [store.returnMemory(), store.recordMemory(), store.returnMemory()]
    await store.close()
    // DuckDB ends the process with a signal if a connection is closed during a call.
    await expect(Promise.all([...begun, store.returnMemory(), store.recordMemory()])).resolves.toHaveLength(5)
  }
})

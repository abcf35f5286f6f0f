import { expect, test } from 'vitest'
import { duckMemory, openDuck, rowsOf } from './duck.ts'

test('an instance caches no file contents', async () => {
  const instance = await openDuck({})
  const connection = await instance.connect()
  try {
    expect(await rowsOf(connection, "SELECT current_setting('enable_external_file_cache')")).toEqual([[false]])
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
})

test('the reported memory of an instance grows with its tables', async () => {
  const instance = await openDuck({})
  const connection = await instance.connect()
  try {
    const before = await duckMemory(instance)
    await connection.run('CREATE TABLE numbers AS SELECT range AS n FROM range(1_000_000)')
    expect(await duckMemory(instance)).toBeGreaterThan(before + 1_000_000)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
})

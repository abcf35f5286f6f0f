import { expect, test } from 'vitest'
import { memoryFact } from './memory.ts'

test('the memory of a running Weir is listed by part, the largest first, with the remainder', () => {
  const metrics = `# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 300000000
weir_memory_bytes{part="main heap"} 20000000
weir_memory_bytes{part="duckdb queries"} 80000000
`
  expect(memoryFact(metrics)).toBe(
    '286 MiB resident, duckdb queries 76.3 MiB, main heap 19.1 MiB, code and other 191 MiB',
  )
})

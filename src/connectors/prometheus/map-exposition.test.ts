import { expect, test } from 'vitest'
import { readExposition } from './map-exposition.ts'

test('samples have the help text of their metric, with its escapes', () => {
  const { samples } = readExposition('# HELP jobs_total Jobs\\nrun\n# TYPE jobs_total counter\njobs_total 4\n', 'text')
  expect(samples).toMatchObject([{ name: 'jobs_total', kind: 'counter', help: 'Jobs\nrun' }])
})

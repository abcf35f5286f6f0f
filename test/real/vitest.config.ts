import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './longest-first.ts'

/** Unit tests that draw at random (test/kit/seeds.ts): here they draw more often, with WEIR_SEEDS=all many times. */
const drawn = [
  'src/codecs/{netobserv-json/{bytes,netobserv},pbflow/decode,templates/fuzz}.test.ts',
  'src/connectors/kubernetes/source-{tracker,leadership,blocks,rows}.test.ts',
  'src/query/{agreement,flp/flp}.test.ts',
  'src/store/crash.test.ts',
  'src/api/{file-sums,flow-sums,many-conversations}.test.ts',
  'src/store/{endpoint-index/endpoint-index,flows/wide,rollup/rollup,graph/edges}.test.ts',
  'src/store/read/{address-ids,pruned,file-cache}.test.ts',
  'test/model/{journal,pipeline/pipeline,transforms/transforms}.test.ts',
]

// Tests that need real programs beside them: `npm run test:real`.
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/real/**/*.test.ts', '{src,examples,test,tools}/**/*.real.test.ts', ...drawn],
    provide: { draws: process.env['WEIR_SEEDS'] === 'all' ? 'all' : 'more' },
    // Each start of `weir` reads the compiled code of the start before it.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/weir-tests', import.meta.url)) },
    pool: 'forks',
    // Most of the time is spent waiting for servers.
    maxWorkers: availableParallelism() + 4,
    sequence: { sequencer: LongestFirst },
    // Databases start beside each other. These limits only end what hangs.
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
})

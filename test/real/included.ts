import { globSync } from 'node:fs'

/** Unit tests that draw at random (test/kit/seeds.ts): here they draw more often, with WEIR_SEEDS=all many times. */
const drawn = [
  'src/codecs/{netobserv-json/{bytes,netobserv},pbflow/decode,templates/fuzz}.test.ts',
  'src/connectors/kubernetes/source/{tracker,leadership,blocks,rows}.test.ts',
  'src/query/{agreement,flp/flp}.test.ts',
  'src/store/crash.test.ts',
  'src/topics/flows/{sums/{file-sums,flow-sums},conversations/{listed-conversations,many-conversations}}.test.ts',
  'src/store/{endpoint-index/endpoint-index,flows/wide,rollup/rollup,graph/edges}.test.ts',
  'src/store/read/{address-ids,pruned,file-cache}.test.ts',
  'test/model/{journal,pipeline/pipeline,transforms/transforms}.test.ts',
]

/** Patterns of the test files of `npm run test:real`. */
export const included: readonly string[] = [
  'test/real/**/*.test.ts',
  '{src,examples,test,tools,release,sim}/**/*.real.test.ts',
  ...drawn,
]

/** Their paths in the checkout, of those with one of the names in it; without names all. */
export function realTests(root: string, names: readonly string[]): readonly string[] {
  return globSync(included, { cwd: root })
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .toSorted()
}

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files of a minute or more. Without a cache Vitest starts with the largest files, and these are small. */
const longest = [
  'test/process/create-connector.real.test.ts',
  'test/process/connector-package.real.test.ts',
  'test/real/helm-split.test.ts',
  'test/real/neo4j.test.ts',
  'test/real/keycloak.test.ts',
  'tools/demo-panels.real.test.ts',
  'tools/package/archives.real.test.ts',
  'tools/package/package.real.test.ts',
  'tools/sabotage.real.test.ts',
  'test/real/kubernetes.test.ts',
  'test/real/kubernetes-turns.test.ts',
  'test/real/rolling-update.test.ts',
  'src/store/graph/edges.test.ts',
  'src/store/read/file-cache.test.ts',
]

/** Starts the longest files first, so that the last ones do not run alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`))
      return place < 0 ? longest.length : place
    }
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other))
  }
}

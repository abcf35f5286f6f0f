// A receiver of CloudEvents by the CloudEvents project's own Go SDK, built by the machine's Go from its ordinary module
// proxy: a minute, once for each state of its source, kept in the cache.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const version = '2.16.2'
const modules = ['v2', 'binding/format/protobuf/v2', 'protocol/kafka_sarama/v2', 'protocol/nats_jetstream/v2'].map(
  (path) => `github.com/cloudevents/sdk-go/${path}@v${version}`,
)

export const installGoCloudEvents = goProgram({
  cache: 'go-cloudevents',
  program: 'receiver',
  version,
  source: 'test/real/go-cloudevents/main.go',
  inputs: (source) => [modules, source],
  flags: '-mod=mod',
  limitMs: 300_000,
  async build(folder, run, source) {
    await copyFile(source, join(folder, 'main.go'))
    for (const args of [
      ['mod', 'init', 'example.test/receiver'],
      ['get', ...modules],
      ['mod', 'tidy'],
      goBuild('receiver', '.'),
    ])
      await run('go', args)
  },
})

await sayInstalled(import.meta.url, 'go-cloudevents', installGoCloudEvents)

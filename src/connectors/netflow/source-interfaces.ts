import type { InterfaceNames } from '../../codecs/templates/interface-names.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'

/** An invalid file leaves the names unchanged. */
export class InterfacesFile {
  readonly #context: SourceContext
  readonly #path: string | null
  #names: ReadonlyMap<string, InterfaceNames> = new Map()
  #seen = ''

  constructor(context: SourceContext, path: string | null) {
    this.#context = context
    this.#path = path
  }

  of(exporter: string): InterfaceNames | undefined {
    return this.#names.get(exporter)
  }

  async refresh(): Promise<boolean> {
    if (this.#path === null) return false
    const { host, log, id: source } = this.#context
    try {
      const entry = await host.disk.stat(this.#path)
      const seen = entry === undefined ? 'missing' : `${entry.size} ${entry.modified}`
      if (seen === this.#seen) return false
      this.#seen = seen
      const { readInterfaces } = await import('./map-interfaces.ts')
      this.#names = readInterfaces(new TextDecoder().decode(await host.disk.readFile(this.#path)), this.#path)
      return true
    } catch (error) {
      log.warn('The file of interface names is invalid; the current names remain.', {
        source,
        file: this.#path,
        error: messageOf(error),
      })
      return false
    }
  }
}

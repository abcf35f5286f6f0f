import { startWeir, type RunningWeir } from '../app/start/index.ts'
import { verifyMachine } from '../app/config-machine.ts'
import { loadConfig } from '../app/load-config.ts'
import type { GeneratedToken } from '../api/access/generated-token.ts'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { aborted } from '../host/with-timeout.ts'
import { stackOf, WeirError } from '../model/errors.ts'
import { parseRunFlags, runHelp } from './flags.ts'

/** Further signals within this time belong to the first. */
const repeatedSignalMs = 1000

export async function runCommand(args: readonly string[], started?: (weir: RunningWeir) => void): Promise<void> {
  const flags = parseRunFlags(args)
  if (flags.help) return self.stdout(runHelp)
  const host = realHost()
  const stopping = new AbortController()
  let stopRequestedAt = Number.POSITIVE_INFINITY
  let starting = true
  const stop = () => {
    // Accepted rows are already synced: the process can end here.
    if (starting) self.exit(0)
    if (!stopping.signal.aborted) stopRequestedAt = host.clock.monotonic()
    stopping.abort()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    self.onSignal(signal, () => {
      // A second signal forces the exit, except npm's immediate copy of the first.
      if (host.clock.monotonic() - stopRequestedAt > repeatedSignalMs) self.exit(1)
      stop()
    })
  }
  self.onOutputClosed((name) => {
    if (name === 'standard output' && !stopping.signal.aborted)
      self.stderr('weir: standard output was closed. Weir stops; rows of its sink stay in the journal.\n')
    stop()
  })
  const loaded = await loadConfig(host, flags.config, flags.overrides)
  if (loaded.warnings !== '') self.stderr(`${loaded.warnings}\n`)
  self.stderr(await verifyMachine(host, loaded))
  const weir = await startWeir(host, loaded, flags)
  starting = false
  self.onSignal('SIGHUP', () => {
    weir.reload().catch((error: unknown) => weir.log.error('reload failed', { error: String(error) }))
  })
  if (weir.login !== undefined) self.stderr(loginText(weir.url, weir.login))
  self.stderr(
    `weir is ready: ${weir.url}  (console and API)${weir.opsUrls.map((url) => `, ${url}/metrics`).join('')}\n`,
  )
  if (weir.silent)
    self.stderr('No exporter has sent flows yet: `weir exporters` lists exporters, and how to configure one.\n')
  started?.(weir)
  const uncaught = new Promise<Error>((resolve) => {
    self.onUncaught((error) => resolve(new WeirError('WEIR_PART_ENDED', `The main thread failed: ${stackOf(error)}`)))
  })
  const broken = Promise.race([weir.failed, uncaught])
  const ended = await Promise.race([
    broken,
    aborted(stopping.signal).then(() => Promise.race([weir.stop().then(() => undefined), broken])),
  ])
  if (ended === undefined) return self.exit(0)
  if (!isFenced(ended)) {
    weir.log.error('A part of Weir ended unexpectedly. The process ends.', { error: ended })
    await weir.abandon()
  }
  await weir.endThreads()
  // The reason is the last line of the log.
  weir.log.flush()
  weir.log.error(isFenced(ended) ? ended.message : `Weir ends: ${ended.message}`, adviceOf(ended))
  self.exit(1)
}

const isFenced = (error: Error) => error instanceof WeirError && error.code === 'WEIR_DATA_FENCED'

const adviceOf = (error: Error) => (error instanceof WeirError ? { advice: error.advice } : {})

function loginText(url: string, { token, path, fresh }: GeneratedToken): string {
  if (!fresh)
    return `Other machines can reach this address: sign in with the token in ${path}, or configure \`auth\`.\n`
  return (
    `Other machines can reach this address, and no \`auth\` is configured. A token was generated; it is ` +
    `printed once and stored in ${path}:\n  ${url}/#token=${token}\n`
  )
}

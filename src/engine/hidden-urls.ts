/** Second check at the border of the connectors: their texts name no path or query of the configured URLs. */
import { urlCleaner, type UrlCleaner } from '../model/url-text.ts'
import type { Log } from '../telemetry/ports.ts'
import type { Preview, Probe, SinkDefinition, SourceDefinition } from './contracts.ts'

export function hidingSink<Config>(definition: SinkDefinition<Config>): SinkDefinition<Config> {
  return {
    ...definition,
    async build(config, context) {
      const clean = urlCleaner(config)
      const build = definition.build(config, { ...context, log: cleanLog(context.log, clean) })
      return hiding(await rejecting(build, clean), clean)
    },
  }
}

export function hidingSource<Config>(definition: SourceDefinition<Config>): SourceDefinition<Config> {
  return {
    type: definition.type,
    async build(config, context) {
      const clean = urlCleaner(config)
      const build = definition.build(config, { ...context, log: cleanLog(context.log, clean) })
      return hiding(await rejecting(build, clean), clean)
    },
    ...(definition.probe === undefined
      ? {}
      : {
          probe: async (config, context, signal) =>
            cleaned(probing(definition, config, context, signal), urlCleaner(config)),
        }),
    ...(definition.verify === undefined
      ? {}
      : { verify: async (config, context) => rejecting(verifying(definition, config, context), urlCleaner(config)) }),
  }
}

async function probing<Config>(
  definition: SourceDefinition<Config>,
  ...given: Parameters<NonNullable<SourceDefinition<Config>['probe']>>
): Promise<Probe> {
  return definition.probe?.(...given) ?? { is: 'warn', message: 'it cannot be tested' }
}

async function verifying<Config>(
  definition: SourceDefinition<Config>,
  ...given: Parameters<NonNullable<SourceDefinition<Config>['verify']>>
): Promise<void> {
  await definition.verify?.(...given)
}

/** Results of these methods have texts for users. */
const reporting = new Set<string | symbol>(['send', 'open', 'probe', 'run', 'feed', 'status', 'health', 'close'])

function hiding<Part extends object>(part: Part, clean: UrlCleaner): Part {
  const methods = new Map<string | symbol, unknown>()
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'addresses' && Array.isArray(value)) return value.map((address) => clean.target(String(address)))
      if (typeof value !== 'function') return value
      const method = methods.get(name)
      if (method !== undefined) return method
      const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given)
      const made = reporting.has(name)
        ? (...given: unknown[]) => cleanedAny(call(...given), clean)
        : name === 'preview'
          ? (batch: unknown) => previews(call(batch) as Iterable<Preview>, clean)
          : call
      methods.set(name, made)
      return made
    },
  })
}

function* previews(given: Iterable<Preview>, clean: UrlCleaner): Generator<Preview> {
  for (const preview of given)
    yield 'problem' in preview
      ? { problem: clean(preview.problem) }
      : { ...preview, ...(preview.to === undefined ? {} : { to: clean.target(preview.to) }) }
}

function cleanLog(log: Log, clean: UrlCleaner): Log {
  const at =
    (level: keyof Log): Log['info'] =>
    (message, fields) =>
      log[level](clean(message), fields === undefined ? undefined : (textsOf(fields, clean) as typeof fields))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

async function cleaned<Result>(act: Promise<Result>, clean: UrlCleaner): Promise<Result> {
  return textsOf(await rejecting(act, clean), clean) as Result
}

async function rejecting<Result>(act: Promise<Result>, clean: UrlCleaner): Promise<Result> {
  try {
    return await act
  } catch (error) {
    throw cleanError(error, clean)
  }
}

function cleanedAny(value: unknown, clean: UrlCleaner): unknown {
  return value instanceof Promise ? cleaned(value, clean) : textsOf(value, clean)
}

/** The same error: its class and code decide what follows. */
function cleanError(error: unknown, clean: UrlCleaner): unknown {
  if (!(error instanceof Error)) return textsOf(error, clean)
  const message = clean(error.message)
  if (message !== error.message) {
    if (error.stack !== undefined) error.stack = clean(error.stack)
    error.message = message
  }
  return error
}

function textsOf(value: unknown, clean: UrlCleaner): unknown {
  if (typeof value === 'string') return clean(value)
  if (value instanceof Error) return cleanError(value, clean)
  if (Array.isArray(value)) return value.map((item) => textsOf(item, clean))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, textsOf(member, clean)]))
}

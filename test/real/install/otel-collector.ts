// OpenTelemetry's collector with its OTLP receiver and a printing exporter, built with the machine's Go in two
// minutes and cached. Later versions need a module that not every proxy has.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export const collector = { name: 'otel-collector', version: '0.124.0', provider: '1.30.0' } as const

const buildLimit = 300_000
let known: Promise<Installed> | undefined

export function installCollector(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const path = join(cacheFolder('otel-collector'), `otelcol-${collector.version}`)
  if (existsSync(path)) return { path, version: collector.version }
  const found = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (found?.code !== 0) return { path: undefined, reason: 'the collector is built with Go, and there is none' }
  const folder = join(cacheFolder('otel-collector'), 'build')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'main.go'), program)
  const parts = ['exporter/debugexporter', 'receiver/otlpreceiver', 'otelcol'].map(
    (part) => `go.opentelemetry.io/collector/${part}@v${collector.version}`,
  )
  for (const args of [
    ['mod', 'init', 'example.test/otelcol'],
    ['get', ...parts, `go.opentelemetry.io/collector/confmap/provider/fileprovider@v${collector.provider}`],
    ['mod', 'tidy'],
    ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(folder, 'otelcol'), '.'],
  ]) {
    const ran = await runCommand('go', args, {
      cwd: folder,
      limit: buildLimit,
      env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
    })
    if (ran.code !== 0)
      return { path: undefined, reason: `go ${args[0]}: ${ran.output.trim().split('\n').at(-1) ?? ''}` }
  }
  renameSync(join(folder, 'otelcol'), path)
  rmSync(folder, { recursive: true, force: true })
  return { path, version: collector.version }
}

const program = `package main

import (
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func factories() (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](debugexporter.NewFactory())
	return otelcol.Factories{Receivers: receivers, Exporters: exporters}, err
}

func main() {
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol", Version: "${collector.version}"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()}, DefaultScheme: "file",
		}},
	}
	if otelcol.NewCommand(settings).Execute() != nil {
		os.Exit(1)
	}
}
`

if (isMain(import.meta.url)) {
  const result = await installCollector()
  console.log(result.path === undefined ? result.reason : `${collector.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}

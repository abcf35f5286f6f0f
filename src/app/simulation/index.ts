/** Runs a configuration for hours of simulated time, with simulated sources and sinks and with faults. */
import { simulatedHost } from '../../host/simulated/machine.ts'
import { banNetwork } from '../../net/no-network.ts'
import { findings } from './findings.ts'
import type { SimulationReport } from './report.ts'
import type { SimulationOptions } from './settings.ts'
import { Simulation } from './simulation.ts'

export type { SimulationReport } from './report.ts'
export { faultKinds, type FaultKind, type SimulationOptions, type WantedFault } from './settings.ts'

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const ban = banNetwork()
  try {
    const simulation = await Simulation.open(options, simulatedHost(options.seed, { jitter: false }))
    try {
      await simulation.run()
      const results = await simulation.results()
      return { ...results, findings: findings(options, simulation, results) }
    } finally {
      await simulation.close()
    }
  } finally {
    ban.lift()
  }
}

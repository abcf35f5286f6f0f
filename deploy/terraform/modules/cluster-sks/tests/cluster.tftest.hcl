mock_provider "exoscale" {}

variables {
  name               = "weir"
  zone               = "ch-gva-2"
  kubernetes_version = "1.36.1"
}

run "pools" {
  command = plan

  assert {
    condition     = exoscale_sks_nodepool.fixed.size == 1 && exoscale_sks_nodepool.burst.size == 1
    error_message = "a pool has another size"
  }
  assert {
    condition     = exoscale_sks_cluster.cluster.exoscale_csi == true
    error_message = "without the CSI driver no volume is created"
  }
  assert {
    condition     = output.node_pools[1].max_nodes == 3
    error_message = "the burst pool has another maximum"
  }
}

mock_provider "opentelekomcloud" {}

variables {
  name               = "weir"
  kubernetes_version = "v1.27"
  key_pair           = "ops"
}

run "pools" {
  command = plan

  assert {
    condition = (
      opentelekomcloud_cce_node_pool_v3.burst.scale_enable == true
      && opentelekomcloud_cce_node_pool_v3.burst.min_node_count == 1
      && opentelekomcloud_cce_node_pool_v3.burst.max_node_count == 3
    )
    error_message = "the burst pool does not scale from 1 to 3"
  }
  assert {
    condition     = opentelekomcloud_cce_node_pool_v3.fixed.initial_node_count == 1
    error_message = "the fixed pool has another size"
  }
  assert {
    condition     = opentelekomcloud_cce_cluster_v3.cluster.ignore_certificate_users_data == true
    error_message = "the certificate of the administrator is in the state"
  }
}

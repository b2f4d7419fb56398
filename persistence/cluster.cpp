#include "persistence/cluster.hpp"

#include <algorithm>

namespace coreldove::persistence {

const cluster_node* cluster_view::alive(const std::string& node, std::int64_t incarnation) const {
  const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const cluster_node& n) { return n.node == node; });
  return it != nodes.end() && it->alive && it->incarnation == incarnation ? &*it : nullptr;
}

}  // namespace coreldove::persistence

// The last performance data of plugins: bounded, and gone with what told it.
#include "tools/autoheal/steward/plugin_values.hpp"

#include <gtest/gtest.h>

namespace autoheal::cli {
namespace {

using workflows::PluginValue;
using workflows::StewardFigures;

std::vector<PluginValue> values(std::size_t count) {
  std::vector<PluginValue> all;
  for (std::size_t index = 0; index < count; ++index) all.push_back({"v" + std::to_string(index), 1});
  return all;
}

StewardFigures told_by(const PluginValues& plugins) {
  StewardFigures figures;
  plugins.tell(figures);
  return figures;
}

TEST(PluginValues, OfTheNewestTestReplaceThoseBefore) {
  PluginValues plugins;
  plugins.take("Disk", {{"free", {{"a", 1}, {"b", 2}}}, {"load", {{"c", 3}}}});
  plugins.take("Disk", {{"free", {{"a", 4}}}});
  const StewardFigures figures = told_by(plugins);
  ASSERT_EQ(figures.plugin_values.size(), 1U);
  EXPECT_EQ(figures.plugin_values[0].engine, "Disk");
  EXPECT_EQ(figures.plugin_values[0].probe, "free");
  EXPECT_EQ(figures.plugin_values[0].last, (PluginValue{"a", 4}));
}

TEST(PluginValues, BeyondTheLimitAreLeftOutAndCounted) {
  PluginValues plugins;
  for (int engine = 0; engine < 20; ++engine) plugins.take("E" + std::to_string(engine), {{"p", values(64)}});
  EXPECT_EQ(told_by(plugins).plugin_values.size(), most_plugin_values);
  EXPECT_EQ(told_by(plugins).plugin_values_left_out, 20U * 64 - most_plugin_values);
  for (int engine = 0; engine < 20; ++engine) plugins.take("E" + std::to_string(engine), {{"p", values(64)}});
  EXPECT_EQ(told_by(plugins).plugin_values.size(), most_plugin_values) << "the same places";
  plugins.take("E0", {});
  plugins.take("E19", {{"p", values(64)}});
  EXPECT_EQ(told_by(plugins).plugin_values.size(), most_plugin_values) << "what was freed is used";
}

TEST(PluginValues, OfAnEngineThatIsNoMoreAreForgotten) {
  PluginValues plugins;
  plugins.take("Disk", {{"free", values(3)}});
  plugins.take("Net", {{"ping", values(2)}});
  plugins.keep({"Net"});
  EXPECT_EQ(told_by(plugins).plugin_values.size(), 2U);
  plugins.keep({});
  EXPECT_TRUE(told_by(plugins).plugin_values.empty());
}

}  // namespace
}  // namespace autoheal::cli

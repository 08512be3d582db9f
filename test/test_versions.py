# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be told without having them: Python 3.10, and Humble's rclpy and launch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted(
    path for folder in ('depth_anything_ros', 'launch') for path in (ROOT / folder).rglob('*.py')
)
WRITTEN = [
    *SHIPPED,
    *(
        path
        for folder in ('test', 'benchmarks', 'scripts')
        for path in (ROOT / folder).rglob('*.py')
    ),
    ROOT / 'setup.py',
]
# Looked up in rclpy 3.3, launch 1.0 and launch_ros 0.19, the versions of Humble.
IN_HUMBLE = {
    'launch': 'LaunchContext LaunchDescription SomeSubstitutionsType Substitution',
    'launch.actions': 'DeclareLaunchArgument EmitEvent ExecuteProcess GroupAction '
    'IncludeLaunchDescription LogInfo OpaqueFunction RegisterEventHandler SetEnvironmentVariable '
    'Shutdown TimerAction',
    'launch.conditions': 'IfCondition LaunchConfigurationEquals UnlessCondition',
    'launch.event_handlers': 'OnProcessExit OnProcessStart OnShutdown',
    'launch.events': 'Shutdown matches_action',
    'launch.launch_description_sources': 'PythonLaunchDescriptionSource',
    'launch.substitutions': 'Command EnvironmentVariable LaunchConfiguration PathJoinSubstitution '
    'PythonExpression TextSubstitution ThisLaunchFileDir',
    'launch_ros.actions': 'LifecycleNode Node PushRosNamespace SetParameter SetRemap',
    'launch_ros.events.lifecycle': 'ChangeState',
    'launch_ros.parameter_descriptions': 'ParameterFile ParameterValue',
    'launch_ros.substitutions': 'FindPackagePrefix FindPackageShare',
    'rclpy.callback_groups': 'MutuallyExclusiveCallbackGroup ReentrantCallbackGroup',
    'rclpy.client': 'Client',
    'rclpy.clock': 'Clock ClockType JumpThreshold ROSClock TimeJump',
    'rclpy.context': 'Context',
    'rclpy.duration': 'Duration',
    'rclpy.exceptions': 'InvalidParameterException NameValidationException ParameterException '
    'ParameterNotDeclaredException',
    'rclpy.executors': 'ExternalShutdownException MultiThreadedExecutor SingleThreadedExecutor',
    'rclpy.lifecycle': 'LifecycleNode LifecycleState TransitionCallbackReturn',
    'rclpy.lifecycle.publisher': 'LifecyclePublisher',
    'rclpy.logging': 'LoggingSeverity get_logger',
    'rclpy.node': 'Node',
    'rclpy.parameter': 'Parameter',
    'rclpy.publisher': 'Publisher',
    'rclpy.qos': 'DurabilityPolicy HistoryPolicy LivelinessPolicy QoSCompatibility QoSPolicyKind '
    'QoSPresetProfiles QoSProfile ReliabilityPolicy qos_check_compatible '
    'qos_profile_sensor_data',
    'rclpy.qos_event': 'PublisherEventCallbacks SubscriptionEventCallbacks',
    'rclpy.qos_overriding_options': 'InvalidQosOverridesError QoSOverridingOptions',
    'rclpy.serialization': 'deserialize_message serialize_message',
    'rclpy.service': 'Service',
    'rclpy.signals': 'SignalHandlerOptions',
    'rclpy.subscription': 'Subscription',
    'rclpy.task': 'Future',
    'rclpy.time': 'Time',
    'rclpy.timer': 'Timer',
    'rclpy.utilities': 'get_rmw_implementation_identifier',
}
# Not in Humble; ros/qos.py takes rclpy.qos_event where this is missing.
GUARDED = {'rclpy.event_handler': {'ros/qos.py'}}
# Members that rclpy has since Iron or later, and who asks for them before use.
NEWER = {
    'add_post_set_parameters_callback': {'ros/node.py'},
    'add_pre_set_parameters_callback': set(),
    'enable_logger_service': set(),
    'wait_for_node': set(),
}


def humble_lacks(tree: ast.AST, name: str) -> Iterator[str]:
    """Yield what a module imports or asks for that Humble has not, unless it is guarded there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ''
            if module.split('.')[0] not in ('rclpy', 'launch', 'launch_ros'):
                continue
            known = IN_HUMBLE.get(module, '').split()
            if name in GUARDED.get(module, ()):
                continue
            yield from (f'{module}.{a.name}' for a in node.names if a.name not in known)
        elif isinstance(node, ast.Attribute) and name not in NEWER.get(node.attr, {name}):
            yield node.attr


@pytest.mark.parametrize('path', WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_3_10_can_read_it(path):
    ast.parse(path.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_humble_has_what_is_used_of_rclpy_and_launch(path):
    name = path.relative_to(ROOT / path.relative_to(ROOT).parts[0]).as_posix()
    assert list(humble_lacks(ast.parse(path.read_text()), name)) == []


@pytest.mark.parametrize(
    ('name', 'source', 'lacking'),
    [
        ('ros/qos.py', 'from rclpy.event_handler import PublisherEventCallbacks', []),
        (
            'ros/node.py',
            'from rclpy.event_handler import PublisherEventCallbacks',
            ['rclpy.event_handler.PublisherEventCallbacks'],
        ),
        ('ros/node.py', 'from rclpy.node import Unknown', ['rclpy.node.Unknown']),
        (
            'ros/qos.py',
            'node.add_post_set_parameters_callback(f)',
            ['add_post_set_parameters_callback'],
        ),
    ],
)
def test_what_humble_lacks_is_found(name, source, lacking):
    assert list(humble_lacks(ast.parse(source), name)) == lacking

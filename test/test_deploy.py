# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of deploy/ and the pages about it: what they name is there, and no more is let in."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / 'deploy'
DOCKERFILES = sorted(DEPLOY.glob('Dockerfile.*'))
ENTRYPOINT = DEPLOY / 'entrypoint.sh'
SETUP = (ROOT / 'setup.py').read_text()
PACKAGE = 'depth_anything_ros'
EXECUTABLES = set(re.findall(r"f'([\w-]+) = \{PACKAGE\}", SETUP))
INSTRUCTIONS = {
    'ARG', 'FROM', 'SHELL', 'WORKDIR', 'COPY', 'RUN', 'USER', 'ENV', 'STOPSIGNAL', 'ENTRYPOINT',
    'CMD',
}  # fmt: skip
SECRET = re.compile(r'password|passwd|secret|token|api_?key|BEGIN [A-Z ]*PRIVATE', re.IGNORECASE)
PAGES = ('architecture', 'dds', 'deployment', 'performance', 'security', 'sros2')


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with what follows them, continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith('#')]
    joined = re.sub(r'\\\n\s*', ' ', '\n'.join(lines))
    return [(line.split()[0], line.partition(' ')[2]) for line in joined.splitlines() if line]


def arguments(path: Path) -> dict[str, str]:
    """Return the build arguments of a Dockerfile by name."""
    pairs = (text.partition('=') for name, text in instructions(path) if name == 'ARG')
    return {name: default for name, _, default in pairs}


def in_context(name: str) -> bool:
    """Whether .dockerignore lets a top folder or file of the repository into the image."""
    return f'!{name}' in (ROOT / '.dockerignore').read_text().splitlines()


def unit() -> configparser.ConfigParser:
    """Return the systemd unit; of a key that is there more than once, the last value."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters='=')
    parser.optionxform = str
    parser.read(DEPLOY / 'depth_node.service')
    return parser


def environment() -> dict[str, str]:
    """Return the assignments of depth_node.env, those in comments too."""
    text = (DEPLOY / 'depth_node.env').read_text()
    return dict(re.findall(r'^#?([A-Z_]+)=(.*)$', text, re.MULTILINE))


def test_there_is_an_image_for_each_kind_of_machine():
    assert {path.name for path in DOCKERFILES} == {'Dockerfile.cuda', 'Dockerfile.jetson'}


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.suffix)
def test_dockerfiles_have_known_instructions_and_take_root_from_the_program(path):
    found = instructions(path)
    assert {name for name, _ in found} <= INSTRUCTIONS
    users = [text for name, text in found if name == 'USER']
    assert users == ['${UID}'] and int(arguments(path)['UID']) > 0
    last_root = max(i for i, (name, _) in enumerate(found) if name in ('RUN', 'COPY'))
    assert [name for name, _ in found].index('USER') > last_root


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.suffix)
def test_images_name_a_version(path):
    base = arguments(path)['BASE_IMAGE']
    assert ('FROM', '${BASE_IMAGE}') in instructions(path)
    name, _, tag = base.rpartition(':')
    assert name and '/' not in tag and re.search('jazzy|r36', tag)
    assert 'latest' not in path.read_text()


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.suffix)
def test_what_is_copied_is_there_and_not_ignored(path):
    copied = [text.split()[0] for name, text in instructions(path) if name == 'COPY']
    assert copied == ['package.xml', '.']
    kept = [
        'package.xml',
        'setup.py',
        'setup.cfg',
        'resource',
        'launch',
        'config',
        'deploy',
        PACKAGE,
    ]
    for name in kept:
        assert (ROOT / name).exists() and in_context(name), name
    for name in ('.git', '.venv', 'test', 'benchmarks', 'docs', 'out'):
        assert not in_context(name), name


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.suffix)
def test_pip_installs_what_setup_py_asks_for(path):
    text = path.read_text()
    wanted = set(re.findall(r"'([\w-]+>=[\d.]+)'", SETUP))
    pinned = set(re.findall(r"'([\w-]+>=[\d.]+)'", text))
    assert pinned == {'safetensors>=0.4', 'huggingface_hub>=0.34', 'typer>=0.12', 'rich>=13'}
    assert pinned <= wanted
    # The rest comes from the distribution, through package.xml.
    keys = {
        str(element.text)
        for element in ElementTree.parse(ROOT / 'package.xml').getroot().iter('exec_depend')
    }
    assert {'python3-numpy', 'python3-opencv', 'python3-yaml', 'rclpy'} <= keys
    assert 'rosdep install --from-paths src --ignore-src -y --dependency-types=exec' in text
    assert '--system-site-packages' in text


def test_the_cuda_image_has_the_torch_that_is_tested_with():
    stated = re.search(r'TORCH_VERSION=([\d.]+)', (ROOT / 'scripts' / 'setup.sh').read_text())
    assert stated is not None
    assert arguments(DEPLOY / 'Dockerfile.cuda')['TORCH_VERSION'] == stated[1]


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.suffix)
def test_images_start_a_program_of_the_package_by_the_entrypoint(path):
    found = dict(instructions(path))
    (entry,) = re.findall(r'"(.*)"', found['ENTRYPOINT'])
    assert entry == f'/opt/depth_ws/src/{PACKAGE}/deploy/{ENTRYPOINT.name}'
    assert re.findall(r'"(.*)"', found['CMD']) == ['depth_node']
    assert found['STOPSIGNAL'] == 'SIGINT'
    assert {'depth_node', 'camera_node', 'depth-anything'} <= EXECUTABLES


def run_entrypoint(tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess:
    """Run the entrypoint with an /opt/ros of the test's own."""
    script = tmp_path / 'entrypoint.sh'
    script.write_text(ENTRYPOINT.read_text().replace('/opt/ros', str(tmp_path / 'ros')))
    env = {'PATH': '/usr/bin:/bin', 'WORKSPACE': str(tmp_path / 'ws'), **variables}
    return subprocess.run(
        ['bash', str(script), *command], env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make what the entrypoint sources, a virtual environment and a program of the package."""
    (tmp_path / 'ros' / 'jazzy').mkdir(parents=True)
    (tmp_path / 'ros' / 'jazzy' / 'setup.bash').write_text('export AMENT_PREFIX_PATH=/nowhere\n')
    prefix = tmp_path / 'ws' / 'install' / PACKAGE
    programs, tools = prefix / 'lib' / PACKAGE, tmp_path / 'venv' / 'bin'
    programs.mkdir(parents=True)
    tools.mkdir(parents=True)
    (prefix.parent / 'local_setup.bash').write_text(
        f'export AMENT_PREFIX_PATH={prefix}:$AMENT_PREFIX_PATH\n'
    )
    for path, text in (
        (programs / 'depth_node', 'helper "$@"'),
        (tools / 'helper', 'echo "$$ $*"'),
    ):
        path.write_text(f'#!/bin/sh\n{"exec " if path.name == "depth_node" else ""}{text}\n')
        path.chmod(0o755)
    return tmp_path


def test_the_entrypoint_finds_node_and_environment_and_leaves_the_process_to_it(workspace):
    venv = str(workspace / 'venv')
    done = run_entrypoint(workspace, 'depth_node', '--ros-args', 'a b', VENV=venv)
    assert done.returncode == 0, done.stderr
    number, _, told = done.stdout.strip().partition(' ')
    assert told == '--ros-args a b' and number.isdigit()
    shell = run_entrypoint(workspace, 'bash', '-c', 'echo $PPID', VENV=venv)
    assert int(shell.stdout) == os.getpid(), 'a shell stands between'


def test_the_entrypoint_says_what_is_missing(workspace):
    for command, variables, said in (
        (('true',), {'ROS_DISTRO': 'nowhere'}, 'ros/nowhere/setup.bash is not there'),
        (('true',), {'WORKSPACE': '/nowhere'}, '/nowhere/install/local_setup.bash is not there'),
        ((), {}, 'no command given'),
    ):
        done = run_entrypoint(workspace, *command, **variables)
        assert done.returncode == 1 and said in done.stderr


def test_the_entrypoint_is_executable_bash():
    assert ENTRYPOINT.stat().st_mode & 0o111
    assert ENTRYPOINT.read_text().startswith('#!/usr/bin/env bash\n')


def test_the_unit_starts_a_program_of_the_package_as_a_user_of_its_own():
    service = unit()['Service']
    script, program, *rest = service['ExecStart'].split()
    assert Path(script).name == ENTRYPOINT.name and program in EXECUTABLES
    named = re.findall(r'\$\{?(\w+)', ' '.join(rest))
    assert named and set(named) <= set(environment())
    assert service['User'] not in ('', 'root') and service['NoNewPrivileges'] == 'yes'


def test_the_unit_ends_as_the_node_does_and_begins_anew_after_a_failure():
    service, start = unit()['Service'], unit()['Unit']
    assert (service['KillSignal'], service['Restart']) == ('SIGINT', 'on-failure')
    from depth_anything_ros.ros.depth_node import LATEST_END

    assert int(service['TimeoutStopSec']) > LATEST_END
    # Ten starts within the interval, each of some seconds, must be able to exhaust the burst.
    burst, interval = int(start['StartLimitBurst']), int(start['StartLimitIntervalSec'])
    assert burst * (int(service['RestartSec']) + 10) < interval


@pytest.mark.parametrize(
    'setting', ['PrivateDevices', 'ProtectClock', 'MemoryDenyWriteExecute', 'PrivateNetwork',
                'PrivateTmp', 'DevicePolicy', 'IPAddressDeny'],
)  # fmt: skip
def test_the_unit_has_nothing_that_hides_gpu_or_other_nodes(setting):
    assert setting not in unit()['Service']


def test_the_unit_writes_only_where_the_environment_says():
    service = unit()['Service']
    assert service['ProtectSystem'] == 'strict'
    text = (DEPLOY / 'depth_node.service').read_text()
    for variable, folder in (
        ('ROS_LOG_DIR', 'Logs'),
        ('HF_HOME', 'Cache'),
        ('XDG_CACHE_HOME', 'Cache'),
    ):
        assert re.search(rf'{variable}=%{folder[0]}/{service[folder + "Directory"]}', text)


def test_the_environment_names_what_is_there():
    values = environment()
    assert values['HF_HUB_OFFLINE'] == '1'
    profile = values['FASTRTPS_DEFAULT_PROFILES_FILE'].partition(f'share/{PACKAGE}/')[2]
    assert (ROOT / profile).is_file()
    for name in ('ROS_DISTRO', 'WORKSPACE', 'VENV'):
        default = re.search(rf'^{name}=\$\{{{name}:-(.*)\}}$', ENTRYPOINT.read_text(), re.MULTILINE)
        assert default is not None and default[1] == values[name]


@pytest.mark.parametrize('path', sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_no_secret_is_in_any_file(path):
    assert not SECRET.search(path.read_text())


def test_deploy_and_config_are_installed():
    assert "for top in ('config', 'deploy')" in SETUP and '*shared_files()' in SETUP


def test_nav2_manages_the_node_without_a_bond():
    (manager,) = yaml.safe_load((ROOT / 'config/nav2/lifecycle_manager.yaml').read_text()).values()
    parameters = manager['ros__parameters']
    # Names that nav2 1.3 (jazzy) declares.
    assert set(parameters) <= {
        'node_names', 'autostart', 'bond_timeout', 'attempt_respawn_reconnection',
        'bond_respawn_max_duration',
    }  # fmt: skip
    assert parameters['bond_timeout'] == 0.0 and parameters['node_names'] == ['depth_node']


@pytest.mark.parametrize('name', ['fastdds_large_images.xml', 'cyclonedds_large_images.xml'])
def test_middleware_profiles_are_xml(name):
    assert ElementTree.parse(ROOT / 'config' / name).getroot().tag.partition('}')[2] in (
        'profiles', 'CycloneDDS',
    )  # fmt: skip


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    text = re.sub(r'^```.*?^```', '', page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r'^#+ (.*)$', text, re.MULTILINE)
    plain = [re.sub(r'[^\w\- ]', '', heading.lower()) for heading in headings]
    return {heading.replace(' ', '-') for heading in plain}


@pytest.mark.parametrize('name', [*(f'docs/{page}.md' for page in PAGES), 'QUALITY_DECLARATION.md'])
def test_links_of_the_pages_lead_somewhere(name):
    page = ROOT / name
    for target, anchor in re.findall(r'\]\((?!https?:)([^)#]*)#?([^)]*)\)', page.read_text()):
        leads_to = (page.parent / target).resolve() if target else page
        assert leads_to.exists(), target
        assert not anchor or anchor in anchors(leads_to), f'{target}#{anchor}'


def test_the_pages_name_each_file_that_they_are_about():
    deployment = (ROOT / 'docs' / 'deployment.md').read_text()
    for path in (*DEPLOY.iterdir(), ROOT / 'config' / 'nav2' / 'lifecycle_manager.yaml'):
        assert path.name in deployment, path.name
    for path in (ROOT / 'launch').glob('*.launch.py'):
        assert path.name in deployment, path.name
    dds = (ROOT / 'docs' / 'dds.md').read_text()
    assert 'fastdds_large_images.xml' in dds and 'cyclonedds_large_images.xml' in dds
    assert 'depth_node.policy.xml' in (ROOT / 'docs' / 'sros2.md').read_text()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""scripts/setup.sh: what it installs in which order, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NVIDIA_DRIVER = Path('/proc/driver/nvidia/version')

# Stands for .venv/bin/python: notes its arguments, and fails a call that holds the words of FAIL.
VENV_PYTHON = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
if [[ -n ${FAIL:-} && $* == *"$FAIL"* ]]; then echo "$REASON"; exit 1; fi
if [[ $* == *--no-index* && -z ${LOCAL_WHEEL:-} ]]; then exit 1; fi
if [[ $* == *--index-url* && -z ${CPU_INDEX:-} ]]; then exit 1; fi
"""

# All that setup.sh may find on PATH, beside what a test adds.
PROGRAMS = (
    'awk',
    'bash',
    'cat',
    'cksum',
    'df',
    'dirname',
    'grep',
    'mkdir',
    'rm',
    'sed',
    'sort',
    'tail',
    'wc',
)


class Checkout:
    """A copy of what setup.sh needs, with a PATH that holds only chosen programs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls = root / 'calls'
        self.programs = root / 'bin'
        self.programs.mkdir()
        (root / 'scripts').mkdir()
        for name in ('scripts/setup.sh', 'setup.py', 'setup.cfg'):
            shutil.copy(ROOT / name, root / name)
        for name in PROGRAMS:
            program = shutil.which(name)
            assert program, f'{name} is needed'
            (self.programs / name).symlink_to(program)

    def add(self, path: str, text: str) -> None:
        """Write an executable."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def add_venv(self) -> None:
        """Lay out a virtual environment whose python is the stand-in."""
        self.add('.venv/bin/python', VENV_PYTHON)
        (self.root / '.venv/pyvenv.cfg').write_text('include-system-site-packages = false\n')
        (self.root / '.venv/setup.log').touch()

    def set_up(self, *extras: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run setup.sh."""
        env = {'PATH': str(self.programs), 'CALLS': str(self.calls), **variables}
        command = ['bash', str(self.root / 'scripts/setup.sh'), *extras]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def pip_calls(self) -> list[str]:
        """Return what pip was asked to install, a line a call."""
        return [line for line in self.calls.read_text().splitlines() if ' install ' in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_old_python_is_named_with_its_version(checkout: Checkout) -> None:
    checkout.add(
        'bin/python3', '#!/usr/bin/env bash\n[[ $1 == -c ]] && exit 1\necho Python 3.8.18\n'
    )
    result = checkout.set_up('ros')
    assert result.returncode == 1
    assert "'python3' is Python 3.8.18" in result.stderr
    assert 'PYTHON=' in result.stderr


def test_missing_venv_module_names_the_debian_package(checkout: Checkout) -> None:
    checkout.add(
        'bin/python3', '#!/usr/bin/env bash\n[[ $2 == *"import venv"* ]] && exit 1\nexit 0\n'
    )
    result = checkout.set_up('ros')
    assert result.returncode == 1
    assert 'sudo apt install python3-venv' in result.stderr


@pytest.mark.parametrize(
    ('reason', 'advice'),
    [
        ('NewConnectionError: Temporary failure in name resolution', 'cannot be reached'),
        ('OSError: [Errno 28] No space left on device', 'disk is full'),
        ('PermissionError: [Errno 13] Permission denied', 'may not write'),
        ('something else', 'log name the cause'),
    ],
)
def test_failed_install_names_the_log_and_the_remedy(
    checkout: Checkout, reason: str, advice: str
) -> None:
    checkout.add_venv()
    result = checkout.set_up('cli', LOCAL_WHEEL='1', FAIL='--editable', REASON=reason)
    assert result.returncode == 1
    assert advice in result.stderr
    assert str(checkout.root / '.venv/setup.log') in result.stderr
    assert not (checkout.root / '.venv/.setup-done').exists()


def test_failed_run_is_completed_by_the_next_one(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.set_up('cli', LOCAL_WHEEL='1', FAIL='--editable', REASON='cut off')
    assert checkout.set_up('cli', LOCAL_WHEEL='1').returncode == 0
    assert (checkout.root / '.venv/.setup-done').exists()


def test_second_run_installs_nothing_and_is_silent(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.set_up('ros', 'cli', LOCAL_WHEEL='1')
    before = checkout.pip_calls()
    result = checkout.set_up('cli', LOCAL_WHEEL='1')
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
    assert checkout.pip_calls() == before


def test_new_extra_keeps_the_installed_ones(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.set_up('ros', LOCAL_WHEEL='1')
    checkout.set_up('dev', LOCAL_WHEEL='1')
    assert checkout.pip_calls()[-1].endswith('[dev,ros]')


def test_changed_dependencies_are_installed(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.set_up('cli', LOCAL_WHEEL='1')
    before = len(checkout.pip_calls())
    with (checkout.root / 'setup.py').open('a') as file:
        file.write('# another dependency\n')
    checkout.set_up('cli', LOCAL_WHEEL='1')
    assert len(checkout.pip_calls()) > before


def test_torch_comes_from_a_local_wheel_first(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.set_up('cli', LOCAL_WHEEL='1')
    torch_calls = [call for call in checkout.pip_calls() if 'torch==' in call]
    assert len(torch_calls) == 1
    assert '--no-index' in torch_calls[0]


@pytest.mark.skipif(NVIDIA_DRIVER.exists(), reason='this machine has an NVIDIA GPU')
def test_torch_comes_from_the_cpu_index_then_from_the_default(checkout: Checkout) -> None:
    checkout.add_venv()
    result = checkout.set_up('cli')
    assert result.returncode == 0
    torch_calls = [call for call in checkout.pip_calls() if 'torch==' in call]
    assert ['--no-index' in call for call in torch_calls] == [True, False, False]
    assert ['--index-url' in call for call in torch_calls] == [False, True, False]
    assert '--retries 0' in torch_calls[1]


def test_gpu_takes_the_default_build(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.add('bin/nvidia-smi', '#!/usr/bin/env bash\nexit 0\n')
    checkout.set_up('cli')
    assert not any('--index-url' in call for call in checkout.pip_calls())


def test_torch_index_can_be_chosen(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.add('bin/nvidia-smi', '#!/usr/bin/env bash\nexit 0\n')
    checkout.set_up('cli', TORCH_INDEX_URL='http://127.0.0.1:9/simple', CPU_INDEX='1')
    torch_calls = [call for call in checkout.pip_calls() if 'torch==' in call]
    assert '--index-url http://127.0.0.1:9/simple' in torch_calls[-1]


def test_sourced_ros_refuses_an_environment_built_without_it(checkout: Checkout) -> None:
    checkout.add_venv()
    checkout.add('bin/python3', '#!/usr/bin/env bash\nexit 0\n')
    result = checkout.set_up('cli', ROS_DISTRO='jazzy')
    assert result.returncode == 1
    assert 'rm -rf .venv' in result.stderr


def test_sourced_ros_with_a_foreign_python_is_refused(checkout: Checkout) -> None:
    checkout.add(
        'bin/python3',
        '#!/usr/bin/env bash\n'
        '[[ $* == *"import rclpy"* ]] && exit 1\n'
        '[[ $1 == --version ]] && echo Python 3.13.0\nexit 0\n',
    )
    result = checkout.set_up('cli', ROS_DISTRO='jazzy')
    assert result.returncode == 1
    assert 'Python 3.13.0' in result.stderr


def test_tests_run_with_the_hub_offline(tmp_path: Path) -> None:
    shutil.copytree(ROOT / 'scripts', tmp_path / 'scripts')
    (tmp_path / 'scripts/setup.sh').write_text('exit 0\n')
    python = tmp_path / '.venv/bin/python'
    python.parent.mkdir(parents=True)
    python.write_text('#!/usr/bin/env bash\necho "$HF_HUB_OFFLINE $*"\n')
    python.chmod(0o755)
    command = ['bash', str(tmp_path / 'scripts/test.sh'), 'test/cli', '-x']
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert result.stdout.strip() == '1 -m pytest -q test/cli -x'
